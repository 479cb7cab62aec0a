import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { servedBy } from './check-charts/rendered.ts';
import { valuesTable, withTable } from './check-charts/values-table.ts';

const HELP = `npm run check:charts -- [options]

Checks the Helm charts: helm lint; helm template with the defaults and with each charts/orderflow/ci/*-values.yaml, held
against the schemas of Kubernetes (when kubeconform is on the PATH and its schemas can be reached) and against the
cluster of the present kubectl context by a server-side dry run (when one answers); the tests in charts/; and that
the tables of values in charts/README.md are up to date. Needs helm, no cluster.

  --write   writes the tables of values into charts/README.md
  --help    this text`;

const KUBE_VERSION = '1.34.0';
const SCHEMAS = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/README.md';

const { values: options } = parseArgs({ options: { write: { type: 'boolean' }, help: { type: 'boolean' } } });
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const chart = 'charts/orderflow';
let passed = 0;
let failed = 0;

/** Runs a program in the root of the checkout; what it printed. */
function run(program: string, args: string[], settings: SpawnSyncOptions = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
    ...settings,
    encoding: 'utf8',
  });
  const words = [error?.message, stderr, stdout].filter(Boolean).join('\n').trim();
  return { ok: status === 0, stdout: String(stdout ?? ''), words };
}

function report(name: string, { ok, words }: { ok: boolean; words: string }) {
  console.log(ok ? `✓ ${name}` : `✗ ${name}\n${words}`);
  if (ok) passed += 1;
  else failed += 1;
}

if (!run('helm', ['version', '--short']).ok) {
  console.error('Helm 3 is needed: install it (https://helm.sh/docs/intro/install) and put it on the PATH.');
  process.exit(1);
}
if (options.write) writeTables();
report('values in charts/README.md', checkTables());

const canConform = run('kubeconform', ['-v']).ok && (await isReachable(SCHEMAS));
if (!canConform)
  console.log('- without kubeconform: it is not on the PATH, or its schemas cannot be reached');
const apis = run('kubectl', ['api-versions', '--request-timeout=5s']);
if (!apis.ok) console.log('- without a server-side dry run: no cluster answers kubectl');

for (const values of ['', ...globSync('ci/*-values.yaml', { cwd: join(root, chart) }).sort()]) {
  const withValues = values ? ['--values', `${chart}/${values}`] : [];
  const name = values || 'the defaults';
  const kubeVersion = ['--kube-version', KUBE_VERSION];
  report(
    `lint with ${name}`,
    run('helm', ['lint', chart, '--with-subcharts', '--quiet', ...kubeVersion, ...withValues]),
  );
  const rendered = run('helm', ['template', 'check', chart, ...kubeVersion, ...withValues]);
  if (!rendered.ok) report(`template with ${name}`, rendered);
  else checkRendered(name, rendered.stdout);
}

report(
  'tests',
  run('node', [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--root',
    '.',
    '--config',
    'charts/vitest.config.ts',
  ]),
);
console.log(`check:charts: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function checkRendered(name: string, yaml: string) {
  if (canConform) {
    const args = ['-strict', '-ignore-missing-schemas', '-kubernetes-version', KUBE_VERSION, '-'];
    report(`kubeconform with ${name}`, run('kubeconform', args, { input: yaml }));
  }
  if (apis.ok) {
    const input = servedBy(apis.stdout.split('\n'), yaml);
    const args = ['apply', '--namespace', 'default', '--dry-run=server', '--filename', '-'];
    report(`dry run with ${name}`, run('kubectl', args, { input }));
  }
}

function tables(): { readme: string; present: string; wanted: string } {
  const readme = join(root, 'charts/README.md');
  const present = readFileSync(readme, 'utf8');
  const tableOf = (name: string) =>
    valuesTable(readFileSync(join(root, 'charts', name, 'values.yaml'), 'utf8'));
  const wanted = ['orderflow', 'service'].reduce(
    (text, name) => withTable(text, name, tableOf(name)),
    present,
  );
  return { readme, present, wanted };
}

function writeTables() {
  const { readme, wanted } = tables();
  writeFileSync(readme, wanted);
}

function checkTables() {
  const { present, wanted } = tables();
  return { ok: present === wanted, words: 'They are out of date: npm run check:charts -- --write' };
}

async function isReachable(url: string): Promise<boolean> {
  const answer = fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
  return answer.then(({ ok }) => ok).catch(() => false);
}
