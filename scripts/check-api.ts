import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { portsFrom } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';

const SCHEMATHESIS = 'schemathesis==4.32.5';

const HELP = `npm run check:api -- [options]

Starts OrderFlow on ports and data of its own and lets schemathesis (https://schemathesis.readthedocs.io, from PyPI)
send it requests made from /openapi.json, good ones and bad ones. Fails on a 5xx and on any answer that is not as the
document says. Needs python3 with venv; ${SCHEMATHESIS} is installed into .orderflow/check-api once.

  --examples N    requests at most for each operation (default 30)
  --only REGEX    operations whose path matches
  --help          this text

Ports: ORDERFLOW_PORT_BASE (default 19080).`;

const { values: options } = parseArgs({
  options: {
    examples: { type: 'string', default: '30' },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.orderflow', 'check-api');
const python = join(folder, 'venv', 'bin', 'python');

// That it answers within a time is for the bench, and that a live stream never ends is its nature.
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'ignored_auth',
];

/** Runs a command with its output shown; its exit code. */
function run(command: string, args: string[]): Promise<number> {
  const child = spawn(command, args, { cwd: folder, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function installSchemathesis(): Promise<void> {
  if (existsSync(join(folder, 'venv', 'bin', 'schemathesis'))) return;
  console.log(`Installing ${SCHEMATHESIS} …`);
  const made = await run('python3', ['-m', 'venv', 'venv']).catch(() => 1);
  if (made !== 0)
    throw new Error('python3 with venv is needed: install it (on Debian: apt install python3-venv).');
  if ((await run(python, ['-m', 'pip', 'install', '--quiet', SCHEMATHESIS])) !== 0) {
    throw new Error(`${SCHEMATHESIS} could not be installed: see above; PyPI must be reachable once.`);
  }
}

mkdirSync(folder, { recursive: true });
await installSchemathesis();
rmSync(join(folder, 'data'), { recursive: true, force: true });
mkdirSync(join(folder, 'data'));
const system = await startSystem({
  root,
  dataDir: join(folder, 'data'),
  ports: portsFrom({ ORDERFLOW_PORT_BASE: '19080', ...process.env }),
  env: { DEMO: 'true', LOG_LEVEL: 'error', RATE_LIMIT_AUTH_PER_MINUTE: '100000' },
  log: (service, line) => console.log(service, line),
  onProgress: (line) => console.log(line),
});
try {
  process.exitCode = await run(join(folder, 'venv', 'bin', 'schemathesis'), [
    'run',
    `${system.urls.gateway}/openapi.json`,
    '--header',
    `Authorization: Bearer ${system.internalToken}`,
    '--checks',
    CHECKS.join(','),
    '--exclude-path-regex',
    '/events$',
    ...(options.only ? ['--include-path-regex', options.only] : []),
    '--max-examples',
    options.examples,
    '--continue-on-failure',
    '--no-shrink',
    '--request-timeout',
    '20',
  ]);
} finally {
  await system.stop();
}
