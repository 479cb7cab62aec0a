import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { problemOf, startGateway, startService } from '../test/harness.ts';
import { type BreakerState, createBreaker } from './breaker.ts';

function breakerWithClock() {
  const clock = { now: 0 };
  const changes: BreakerState[] = [];
  const breaker = createBreaker({
    failures: 3,
    openMs: 1_000,
    now: () => clock.now,
    onChange: (state) => changes.push(state),
  });
  const call = () => breaker.pass()!;
  // As many calls at the same time.
  const fail = (times: number) => {
    for (const pass of Array.from({ length: times }, call)) pass.failed();
  };
  return { clock, changes, breaker, call, fail };
}

test('failures in a row open it; a success between them does not let it come to that', () => {
  const { breaker, call, fail, changes } = breakerWithClock();
  fail(2);
  call().succeeded();
  fail(2);
  expect([breaker.waitMs(), changes]).toEqual([0, []]);
  fail(1);
  expect([breaker.waitMs(), changes]).toEqual([1_000, ['open']]);
});

test('one probe goes when it was open long enough, all others go on waiting', () => {
  const { breaker, clock, fail } = breakerWithClock();
  fail(3);
  clock.now = 999;
  expect(breaker.waitMs()).toBe(1);
  clock.now = 1_000;
  expect([breaker.waitMs(), breaker.waitMs()]).toEqual([0, 0]);
  expect([breaker.pass() !== undefined, breaker.pass(), breaker.waitMs()]).toEqual([true, undefined, 1_000]);
  expect(breaker.state()).toBe('half-open');
});

test('a probe that fails keeps it open for as long again, one that succeeds closes it', () => {
  const { breaker, clock, call, fail, changes } = breakerWithClock();
  fail(3);
  clock.now = 1_000;
  const probe = call();
  clock.now = 1_200;
  probe.failed();
  expect(breaker.waitMs()).toBe(1_000);
  clock.now = 2_200;
  call().succeeded();
  const [one, another] = [call(), call()];
  expect([one, breaker.waitMs()]).toEqual([another, 0]);
  expect(changes).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  fail(2);
  expect(breaker.state()).toBe('closed');
});

test('a probe whose end nobody saw is followed by another', () => {
  const { breaker, clock, call, fail } = breakerWithClock();
  fail(3);
  clock.now = 1_000;
  const first = call();
  clock.now = 2_000;
  expect(breaker.waitMs()).toBe(0);
  call();
  // What the first has to give back is not the second's.
  first.cancelled();
  expect(breaker.waitMs()).toBe(1_000);
});

test('a probe that is cancelled is given to the next call at once', () => {
  const { breaker, clock, call, fail } = breakerWithClock();
  fail(3);
  clock.now = 1_000;
  const probe = call();
  expect(breaker.waitMs()).toBe(1_000);
  probe.cancelled();
  expect(breaker.waitMs()).toBe(0);
  call().succeeded();
  expect(breaker.state()).toBe('closed');
});

test('failures of calls that began before it opened do not keep it open longer', () => {
  const { breaker, clock, call, fail } = breakerWithClock();
  const early = call();
  fail(3);
  clock.now = 900;
  early.failed();
  expect(breaker.waitMs()).toBe(100);
});

test('a service that is dead is left alone: 503 at once, with Retry-After, and nobody else is concerned', async () => {
  const payment = await startService((_req, res) => res.end('fine'));
  const { url, metrics } = await startGateway({ payment }, { breaker: { failures: 3, openMs: 60_000 } });
  for (let i = 0; i < 3; i++) expect((await fetch(`${url}/api/orders`)).status).toBe(503);
  const refused = await fetch(`${url}/api/orders`, { method: 'POST', body: 'x'.repeat(50_000) });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
  expect((await problemOf(refused)).detail).toContain('Nothing was done');
  const text = await metrics.registry.metrics();
  expect(text).toContain('gateway_circuit_refusals_total{upstream="order",service="test"} 1');
  expect(text).toContain('gateway_circuit_state{upstream="order",state="open",service="test"} 1');
  expect(text).toContain('gateway_circuit_state{upstream="payment",state="closed",service="test"} 1');
  expect(await (await fetch(`${url}/api/payments`)).text()).toBe('fine');
});

test('a service that is silent is left alone too, until it answers a probe', async () => {
  let silent = true;
  let asked = 0;
  const order = await startService((_req, res) => {
    asked += 1;
    if (!silent) res.end('awake');
  });
  const { url } = await startGateway({ order }, { timeoutMs: 1_000, breaker: { failures: 2, openMs: 300 } });
  const ask = async () => (await fetch(`${url}/api/orders`)).status;
  expect(await Promise.all([ask(), ask()])).toEqual([504, 504]);
  expect((await fetch(`${url}/api/orders`)).status).toBe(503);
  expect(asked).toBe(2);
  silent = false;
  await sleep(300);
  expect(await (await fetch(`${url}/api/orders`)).text()).toBe('awake');
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
});

test('errors that a service answers with, and clients that leave, say nothing against it', async () => {
  let asked = 0;
  const order = await startService((req, res) => {
    asked += 1;
    if (req.method === 'GET') res.writeHead(503).end();
  });
  const { url, open, metrics } = await startGateway({ order }, { breaker: { failures: 2, openMs: 60_000 } });
  for (let i = 0; i < 5; i++) {
    const { outgoing } = open('/api/orders', { method: 'POST' });
    outgoing.on('error', () => {});
    outgoing.end('{}');
    await eventually(() => expect(asked).toBe(i + 1));
    outgoing.destroy();
  }
  await eventually(async () =>
    expect(await metrics.registry.metrics()).toMatch(/seconds_count\{.*status="499"\} 5/),
  );
  for (let i = 0; i < 5; i++) await fetch(`${url}/api/orders`);
  expect(asked).toBe(10);
});

/** A service that was dead and lives again, behind a breaker that lets one probe through. */
async function comingBack() {
  const clock = { now: 0 };
  let dead = true;
  const asked: string[] = [];
  const order = await startService((req, res) => {
    if (dead) return void req.socket.resetAndDestroy();
    asked.push(req.method!);
    if (req.method === 'POST')
      req.resume(); // and never answered
    else res.end('back');
  });
  const breaker = { failures: 1, openMs: 60_000, now: () => clock.now };
  const gateway = await startGateway({ order }, { breaker });
  expect((await fetch(`${gateway.url}/api/orders`, { method: 'DELETE' })).status).toBe(503);
  expect((await fetch(`${gateway.url}/api/orders`)).status).toBe(503);
  dead = false;
  clock.now = 60_000;
  return { ...gateway, asked, breaker: gateway.upstreams.order.breaker };
}

test('a client that sends its body slowly does not hold the probe', async () => {
  const { open, url, metrics } = await comingBack();
  const { outgoing } = open('/api/orders', { method: 'POST', headers: { 'content-length': '100' } });
  outgoing.on('error', () => {});
  outgoing.write('{');
  await eventually(async () =>
    expect(await metrics.registry.metrics()).toContain(
      'gateway_body_bytes{budget="nobodys",service="test"} 100',
    ),
  );
  expect(await (await fetch(`${url}/api/orders`)).text()).toBe('back');
  outgoing.destroy();
});

test('a probe whose client leaves is given to the next call', async () => {
  const { open, url, asked, breaker } = await comingBack();
  const { outgoing } = open('/api/orders', { method: 'POST' });
  outgoing.on('error', () => {});
  outgoing.end('{}');
  await eventually(() => expect(asked).toEqual(['POST']));
  expect((await fetch(`${url}/api/orders`)).status).toBe(503);
  outgoing.destroy();
  await eventually(() => expect(breaker.waitMs()).toBe(0));
  expect(await (await fetch(`${url}/api/orders`)).text()).toBe('back');
});
