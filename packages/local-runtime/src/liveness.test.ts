import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { watchLiveness } from './liveness.ts';
import { freePort } from './ports.ts';
import { type Probe, probes } from './probes.ts';
import { superviseProcess } from './process.ts';

/** Answers as a service does; `/block` keeps its event loop busy for ever, `/stick` lets /livez answer 503. */
const service = `
  let stuck = [];
  require('node:http').createServer(({ url }, response) => {
    console.log(process.pid + ' ' + url);
    if (url === '/block') for (;;);
    if (url === '/stick') stuck = ['relay'];
    if (url === '/livez' && (stuck.length > 0 || process.env.NEVER_LIVE)) response.statusCode = 503;
    response.end(JSON.stringify({ stuck }));
  }).listen(process.env.PORT, '127.0.0.1');
`;

const quick = {
  startup: { ...probes.startup, periodMs: 20 },
  liveness: { ...probes.liveness, periodMs: 20, timeoutMs: 500, failureThreshold: 3 },
};

async function watched({ env = {}, figures = quick } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const supervised = superviseProcess({
    name: 'sample',
    command: process.execPath,
    args: ['-e', service],
    env: { PORT: String(port), ...env },
    cwd: '/',
    restart: true,
    onLine: (line) => lines.push(line),
  });
  onTestFinished(() => supervised.stop(0));
  const notes: string[] = [];
  const drill = { hasFrozenIt: false };
  const liveness = watchLiveness({
    process: supervised,
    url,
    isFrozen: () => drill.hasFrozenIt,
    probes: figures,
    note: (message) => notes.push(message),
  });
  onTestFinished(() => liveness.stop());
  const ask = (path: string) => fetch(url + path, { signal: AbortSignal.timeout(1_000) });
  /** Resolves when its liveness is probed, which is once it was ready. */
  const probed = () => eventually(() => expect(lines).toContain(`${supervised.pid} /livez`));
  return { supervised, notes, drill, ask, probed };
}

/** What stops a service, and how its probe fails then. */
const hangs: [what: string, hang: (service: Awaited<ReturnType<typeof watched>>) => void, failure: string][] =
  [
    ['whose event loop is stuck', ({ ask }) => void ask('/block').catch(() => {}), 'no answer within 0.5 s'],
    ['that is stopped', ({ supervised }) => void supervised.kill('SIGSTOP'), 'no answer within 0.5 s'],
    [
      'one of whose loops stands still',
      ({ ask }) => void ask('/stick').catch(() => {}),
      'answer 503 {"stuck":["relay"]}',
    ],
  ];

test.each(hangs)('a process %s is restarted, and a line says why', async (_what, hang, failure) => {
  const service = await watched();
  await service.probed();
  const { pid } = service.supervised;
  hang(service);
  await eventually(() => expect(service.supervised.restarts).toBe(1), { timeoutMs: 25_000 });
  await service.probed();
  expect(service.supervised.pid).not.toBe(pid);
  expect(service.notes).toEqual([`sample: /livez failed 3 times in a row (${failure}); it is restarted`]);
});

test('a process that is not alive in time is restarted', async () => {
  const startup = { ...quick.startup, failureThreshold: 3 };
  const { supervised, notes } = await watched({
    env: { NEVER_LIVE: 'yes' },
    figures: { ...quick, startup },
  });
  await eventually(() => expect(supervised.restarts).toBeGreaterThan(0), { timeoutMs: 25_000 });
  expect(notes[0]).toContain('sample: /livez failed 3 times in a row');
});

test('a process that a drill has frozen is left alone until it is thawed', async () => {
  const { supervised, notes, drill, probed } = await watched();
  await probed();
  const { uid } = supervised;
  drill.hasFrozenIt = true;
  supervised.kill('SIGSTOP');
  const frozenUntil = Date.now() + 2 * quick.liveness.failureThreshold * quick.liveness.timeoutMs;
  await eventually(() => expect(Date.now()).toBeGreaterThan(frozenUntil));
  supervised.kill('SIGCONT');
  drill.hasFrozenIt = false;
  await probed();
  expect(notes).toEqual([]);
  expect(supervised.uid).toBe(uid);
});

test('the figures of the probes are those of the chart', () => {
  const chart = readFileSync(
    join(import.meta.dirname, '../../../charts/service/templates/deployment.yaml'),
    'utf8',
  );
  const figuresOf = (name: string): Probe => {
    const [, block = ''] = new RegExp(`\\n( +)${name}:\\n((?:\\1 +.*\\n)+)`).exec(chart)?.slice(1) ?? [];
    const figure = (key: string) => Number(new RegExp(`${key}: (\\d+)`).exec(block)?.[1]);
    return {
      path: /path: ([^,\s]+)/.exec(block)?.[1] ?? '',
      periodMs: figure('periodSeconds') * 1_000,
      timeoutMs: figure('timeoutSeconds') * 1_000,
      failureThreshold: figure('failureThreshold'),
    };
  };
  expect({ startup: figuresOf('startupProbe'), liveness: figuresOf('livenessProbe') }).toEqual(probes);
});
