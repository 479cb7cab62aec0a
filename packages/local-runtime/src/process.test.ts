import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, open, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { backoffMs } from './backoff.ts';
import { type ProcessOptions, superviseProcess } from './process.ts';

function supervise(script: string, options: Partial<ProcessOptions> = {}) {
  const lines: string[] = [];
  const supervised = superviseProcess({
    name: 'sample',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    cwd: '/',
    restart: true,
    onLine: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(() => supervised.stop(0));
  return { supervised, lines };
}

const endless = 'setInterval(() => {}, 1000); console.log("up", process.env.COLOUR)';

test('a killed process comes back, as another process', async () => {
  const { supervised, lines } = supervise(endless);
  await eventually(() => expect(lines).toHaveLength(1));
  const killed = supervised.pid;
  supervised.kill();
  await eventually(() => expect(lines).toHaveLength(2));
  expect(supervised.pid).not.toBe(killed);
  expect(supervised).toMatchObject({ state: 'running', restarts: 1 });
});

test('a process that nobody waits for lets others go first, and so does the one that follows it', async () => {
  const { supervised } = supervise(endless, { niceness: 5 });
  const yields = async () => {
    const pid = supervised.pid!;
    const session = `/proc/${pid}/autogroup`;
    expect(getPriority(pid)).toBe(5);
    // Where Linux compares sessions, what counts is theirs.
    if (existsSync(session)) expect(readFileSync(session, 'utf8')).toMatch(/ nice 5$/m);
  };
  await eventually(yields);
  const first = supervised.pid;
  supervised.kill();
  await eventually(() => expect(supervised.pid).not.toBe(first));
  await eventually(yields);
});

test('a process that keeps ending is started ever more slowly, every five seconds at last', async () => {
  const delays: (number | undefined)[] = [];
  supervise('process.exit(3)', { onEnd: (_exit, delay) => delays.push(delay) });
  await eventually(() => expect(delays.length).toBeGreaterThanOrEqual(3));
  expect(delays.slice(0, 3)).toEqual([100, 500, 1000]);
  expect([3, 4, 5, 50].map(backoffMs)).toEqual([2000, 5000, 5000, 5000]);
});

test('a stopped process stays down until it is started, then with its new environment', async () => {
  const { supervised, lines } = supervise(endless, { env: { COLOUR: 'red' } });
  await eventually(() => expect(lines).toEqual(['up red']));
  await supervised.stop();
  expect(supervised).toMatchObject({ state: 'stopped', pid: undefined, restarts: 0 });
  supervised.start({ env: { COLOUR: 'blue' } });
  await eventually(() => expect(lines).toEqual(['up red', 'up blue']));
});

test('stop ends a process that waits to be restarted', async () => {
  const { supervised } = supervise('process.exit(3)');
  await eventually(() => expect(supervised.state).toBe('waiting to restart'));
  await supervised.stop();
  expect(supervised.state).toBe('stopped');
});

test('a process that does not heed SIGTERM is killed after its grace', async () => {
  const { supervised, lines } = supervise(`process.on('SIGTERM', () => {}); ${endless}`);
  await eventually(() => expect(lines).toHaveLength(1));
  const { exited } = supervised;
  await supervised.stop(100);
  expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a process that is restarted comes back, and is killed first when it does not heed SIGTERM', async () => {
  const ends: (NodeJS.Signals | null)[] = [];
  const { supervised, lines } = supervise(`process.on('SIGTERM', () => {}); ${endless}`, {
    onEnd: ({ signal }) => ends.push(signal),
  });
  await eventually(() => expect(lines).toHaveLength(1));
  await supervised.restart(100);
  await eventually(() => expect(lines).toHaveLength(2));
  expect(ends).toEqual(['SIGKILL']);
  expect(supervised).toMatchObject({ state: 'running', restarts: 1 });
});

test('a program that is not there is reported as a line, and tried again', async () => {
  const { lines } = supervise('', { command: '/no/such/program' });
  await eventually(() => expect(lines.length).toBeGreaterThan(1));
  expect(lines[0]).toContain('ENOENT');
});

test.runIf(process.platform === 'linux')(
  'a program that cannot be started while it is being written is tried again until it can',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orderflow-process-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const program = join(folder, 'program');
    await copyFile('/bin/sleep', program);
    const writing = await open(program, 'r+');
    const { supervised, lines } = supervise('', { command: program, args: ['60'] });
    await eventually(() => expect(lines.length).toBeGreaterThan(1));
    expect(lines[0]).toContain('ETXTBSY');
    await writing.close();
    await eventually(() => expect(supervised.pid).toBeGreaterThan(0));
    expect(supervised.state).toBe('running');
  },
);
