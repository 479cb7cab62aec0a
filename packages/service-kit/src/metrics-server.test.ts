import { testScope } from '@orderflow/testing/scope';
import { Gauge } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { serveMetrics } from './metrics-server.ts';

async function served() {
  const scope = testScope();
  const server = await serveMetrics(scope, { METRICS_PORT: 0, HOST: '127.0.0.1' });
  onTestFinished(server.close);
  return {
    ...scope,
    ask: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init),
  };
}

test('metrics are read with GET /metrics, and nothing else is served there', async () => {
  const { ask, lines } = await served();
  const answer = await ask('/metrics?name=x');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching(/^text\/plain/),
  ]);
  expect(await answer.text()).toContain('process_cpu_seconds_total{service="test"}');
  expect((await ask('/livez')).status).toBe(404);
  expect((await ask('/metrics/')).status).toBe(404);
  expect((await ask('/metrics', { method: 'POST' })).status).toBe(404);
  expect(lines).toMatchObject([{ msg: 'serving metrics', port: expect.any(Number) }]);
});

test('a metric that cannot be read is 500 and a line in the log, and the service lives', async () => {
  const { ask, metrics, lines } = await served();
  let broken = true;
  new Gauge({
    name: 'broken',
    help: 'Throws',
    registers: [metrics.registry],
    collect() {
      if (broken) throw new Error('it is gone');
    },
  });
  expect((await ask('/metrics')).status).toBe(500);
  expect(lines.at(-1)).toMatchObject({ msg: 'metrics could not be read' });
  broken = false;
  expect((await ask('/metrics')).status).toBe(200);
});
