import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { commandLineOf } from '@orderflow/local-runtime/command-line';
import { fakeCheckout, temporaryFolder } from '@orderflow/local-runtime/fixtures/fake-checkout';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';

const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;

/** What a shell of a person may have, all of it about other programs. */
const hostile = {
  PGHOST: '/nonexistent',
  PGPORT: '1',
  PGSSLMODE: 'require',
  PGOPTIONS: '-c default_transaction_read_only=on',
  PGDATA: '/nonexistent',
  PGSERVICE: 'nowhere',
  PGTZ: 'Mars/Phobos',
  PGCLIENTENCODING: 'LATIN1',
  DATABASE_URL: 'postgres://nobody@nowhere/none',
  NODE_OPTIONS: '--no-such-option-of-this-release',
  NODE_ENV: 'production',
  NODE_USE_ENV_PROXY: '1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  ALL_PROXY: 'http://127.0.0.1:1',
  NO_PROXY: 'example.com',
  TZ: 'Mars/Phobos',
  LC_ALL: 'xx_YY.UTF-8',
  LANG: 'tlh.UTF-8',
  PORT: '1',
  HOST: '0.0.0.0',
  HOME: '',
};

const print = (what: string) =>
  `console.log(JSON.stringify({ what: '${what}', env: process.env, args: process.argv.slice(2), umask: process.umask() }));`;

/** A checkout with a stand-in for the installation. */
function checkout({ name = 'checkout', install = '' } = {}): string {
  const root = join(temporaryFolder(), name);
  mkdirSync(join(root, 'scripts'), { recursive: true });
  copyFileSync(join(import.meta.dirname, 'run.sh'), join(root, 'scripts', 'run.sh'));
  writeFileSync(join(root, 'scripts', 'install.mjs'), install);
  return root;
}

/** Runs a program in a checkout where it and the installation print their environment. */
async function run(env: Record<string, string>, { name = 'checkout', args = [] as string[] } = {}) {
  const root = checkout({ name, install: `${print('install')} process.exitCode = process.env.FAILS;` });
  writeFileSync(join(root, 'program.mjs'), print('program'));
  const shell = ['-c', 'umask 077; exec sh "$@"', 'sh', 'scripts/run.sh', 'program.mjs', ...args];
  const child = spawn('/bin/sh', shell, { cwd: root, env: { PATH, ...env } });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  const said = output.split('\n').filter(Boolean);
  return { code, errors, said: said.map((line) => JSON.parse(line)) };
}

test('a program gets nothing that is for other programs of Node and clients of Postgres; its installation does', async () => {
  const env = { NODE_EXTRA_CA_CERTS: '/certificates', PGSSLMODE: 'require', ORDERFLOW_PORT_BASE: '9000' };
  const { code, said } = await run(env, { args: ['--name', 'with space'] });
  const [install, program] = said;
  expect(code).toBe(0);
  expect(install).toMatchObject({ what: 'install', env });
  expect(program).toMatchObject({ what: 'program', args: ['--name', 'with space'], umask: 0o022 });
  expect(program.env).toMatchObject({ PATH, ORDERFLOW_PORT_BASE: '9000' });
  expect(Object.keys(program.env).filter((name) => /^(NODE_|PG)/.test(name))).toEqual([]);
});

test('options of another release of Node are not in the way', async () => {
  const { code, said } = await run({ NODE_OPTIONS: hostile.NODE_OPTIONS });
  expect({ code, done: said.map(({ what }) => what) }).toEqual({ code: 0, done: ['install', 'program'] });
});

test('a program is not run when the installation failed', async () => {
  const { code, said } = await run({ FAILS: '3' });
  expect({ code, done: said.map(({ what }) => what) }).toEqual({ code: 3, done: ['install'] });
});

test('a folder in whose name Node takes no programs is refused with what to do', async () => {
  const { code, errors } = await run({}, { name: 'back\\slash' });
  expect(code).toBe(1);
  expect(errors).toMatch(/backslash.*Clone OrderFlow elsewhere/);
});

test('a system comes up whatever the environment says', async () => {
  const { root, ...places } = await fakeCheckout({
    root: join(temporaryFolder(), 'it\'s "a" $HOME `x` 50% #1 ü'),
  });
  const program = fileURLToPath(import.meta.resolve('@orderflow/local-runtime/fixtures/supervisor'));
  const supervisor = spawn('/bin/sh', ['scripts/run.sh', program, JSON.stringify({ root, ...places })], {
    cwd: checkout(),
    env: { PATH, ...hostile },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(supervisor, 'exit');
  onTestFinished(() => void supervisor.kill('SIGKILL'));
  const [report] = await Promise.race([once(createInterface(supervisor.stdout), 'line'), exited]);
  const { pids }: { pids: number[] } = JSON.parse(report);
  expect(pids).toHaveLength(4);
  expect(pids.map(commandLineOf)).not.toContain('');
  supervisor.kill('SIGKILL');
  await eventually(() => expect(pids.map(commandLineOf).filter(Boolean)).toEqual([]), { timeoutMs: 25_000 });
}, 90_000);
