import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@orderflow/contracts/envelope';
import { problem } from '@orderflow/contracts/errors';
import { newId } from '@orderflow/contracts/ids';
import type { Query } from '@orderflow/service-kit/database';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { placed, shipped } from '../test/saga.ts';
import { keepEvents } from './operations/keep-events.ts';

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

async function withOrder(options?: Parameters<typeof auditorHarness>[0]) {
  const harness = await auditorHarness(options);
  const orderId = newId();
  await harness.record([placed(orderId)]);
  return { ...harness, orderId, admin: await as.admin() };
}

test('a stream tells what was, then what comes, as timeline entries with the type as name', async () => {
  const { record, follow, orderId, admin, scope } = await withOrder({ live: { pollMs: 60_000 } });
  const stream = await follow(orderId, admin);
  expect(stream.response.status).toBe(200);
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(stream.response.headers.get('cache-control')).toBe('no-store');
  expect(stream.response.headers.get('x-accel-buffering')).toBe('no');
  await eventually(() => expect(stream.types()).toEqual(['order.placed']));
  expect(stream.others).toEqual(['retry: 1000']);

  // The process's own commits are told without waiting for the poll, which is a minute off.
  const event = shipped(orderId, 2, 'LINE\nBREAK');
  await record([event, shipped(newId())]);
  await eventually(() => expect(stream.types()).toEqual(['order.placed', 'order.shipped']), {
    timeoutMs: 2_000,
  });
  expect(stream.events[1]).toMatchObject({ id: 2, entry: { eventId: event.id, data: event.data } });
  expect(await scope.metrics.registry.metrics()).toContain('audit_live_streams{service="test"} 1');
  stream.leave();
  await eventually(async () => {
    const text = await scope.metrics.registry.metrics();
    expect(text).toContain('audit_live_streams{service="test"} 0');
    expect(text).toContain('audit_live_streams_ended_total{why="left",service="test"} 1');
  });
});

test('what another replica records is told within the time of a poll', async () => {
  const { recordElsewhere, follow, orderId, admin } = await withOrder({ live: { pollMs: 100 } });
  const record = recordElsewhere();
  const stream = await follow(orderId, admin);
  await eventually(() => expect(stream.events).toHaveLength(1));
  await record([shipped(orderId)]);
  await eventually(() => expect(stream.types()).toEqual(['order.placed', 'order.shipped']));
});

test('a stream goes on after Last-Event-ID, as header or in the address; the header counts first', async () => {
  const { record, follow, orderId, admin } = await withOrder();
  await record([2, 3, 4].map((n) => shipped(orderId, n)));
  const idsAfter = async (headers: Record<string, string>, query?: string) => {
    const stream = await follow(orderId, { ...admin, ...headers }, query);
    await eventually(() => expect(stream.events.at(-1)?.id).toBe(4));
    return stream.events.map(({ id }) => id);
  };
  expect(await idsAfter({})).toEqual([1, 2, 3, 4]);
  expect(await idsAfter({ 'last-event-id': '2' })).toEqual([3, 4]);
  expect(await idsAfter({}, '?lastEventId=3')).toEqual([4]);
  expect(await idsAfter({ 'last-event-id': '3' }, '?lastEventId=1')).toEqual([4]);
  // One that was never given is of a database that was lost.
  expect(await idsAfter({ 'last-event-id': '99' })).toEqual([1, 2, 3, 4]);
  const refused = await follow(orderId, { ...admin, 'last-event-id': 'x' });
  expect(refused.response.status).toBe(400);
});

test('no number is seen before a lower one is: whoever comes second waits for the commit of the first', async () => {
  const { db, follow, orderId, admin } = await withOrder();
  const [early, late] = [shipped(orderId, 2), shipped(orderId, 3)];
  let commit = () => {};
  const held = new Promise<void>((resolve) => {
    commit = resolve;
  });
  const slow = db.transaction(async (tx) => {
    await keepEvents(tx, [early]);
    await held;
  });
  await sleep(100);
  const quick = db.transaction((tx) => keepEvents(tx, [late]));
  const stream = await follow(orderId, admin);
  await sleep(300);
  expect(stream.events.map(({ id }) => id)).toEqual([1]);
  commit();
  await Promise.all([slow, quick]);
  await eventually(() => expect(stream.events.map(({ id }) => id)).toEqual([1, 2, 3]));
  expect(stream.events.map(({ entry }) => entry.eventId).slice(1)).toEqual([early.id, late.id]);
});

test('clients that come and go while replicas write miss nothing and are told nothing twice', async () => {
  const { record, recordElsewhere, serve, follow, orderId, admin } = await withOrder({
    live: { pollMs: 20 },
  });
  const other = await serve({ pollMs: 20 });
  const writers = [record, recordElsewhere(), recordElsewhere()];
  const written: string[] = [];
  let writing = true;

  async function write(recordBy: (events: Envelope[]) => Promise<unknown>): Promise<void> {
    for (let i = 0; i < 60; i++) {
      const batch = [shipped(orderId, 2), shipped(newId()), shipped(orderId, 3)];
      await recordBy(batch);
      await recordBy(batch.slice(0, 1)); // a copy uses up a number
      written.push(batch[0]!.id, batch[2]!.id);
    }
  }

  async function comeAndGo(n: number): Promise<string[]> {
    const seen: { id: number; eventId: string }[] = [];
    for (;;) {
      const last = seen.at(-1)?.id ?? 0;
      const replica = (n + seen.length) % 2 ? follow : other.follow;
      const stream = await replica(orderId, { ...admin, 'last-event-id': String(last) });
      const finishing = !writing;
      if (finishing) {
        await eventually(() => expect(seen.length + stream.events.length).toBeGreaterThan(written.length));
      } else await sleep(Math.random() * 40);
      stream.leave();
      await stream.over;
      seen.push(...stream.events.map(({ id, entry }) => ({ id, eventId: entry.eventId })));
      if (finishing) break;
    }
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    return seen.map(({ eventId }) => eventId);
  }

  const clients = numbers(5).map(comeAndGo);
  await Promise.all(writers.map(write));
  writing = false;
  for (const seen of await Promise.all(clients)) {
    expect(seen.slice(1).toSorted()).toEqual(written.toSorted());
  }
});

test('one that comes while news are read for others of the same order is told from where it was', async () => {
  const { serve, db, record, orderId, admin } = await withOrder();
  await record([2, 3].map((n) => shipped(orderId, n)));
  let hold: Promise<void> | undefined;
  const query: Query = async (text, values) => {
    const rows = await db.query(text, values);
    await hold; // what was read is on its way
    return rows as never;
  };
  const { follow } = await serve({ db: { ...db, query }, pollMs: 20 });
  const first = await follow(orderId, { ...admin, 'last-event-id': '3' });
  await sleep(100);
  let go = () => {};
  hold = new Promise<void>((resolve) => {
    go = resolve;
  });
  await record([shipped(orderId, 4)]);
  await sleep(100);
  const second = await follow(orderId, admin);
  hold = undefined;
  go();
  await eventually(() => expect(second.events.map(({ id }) => id)).toEqual([1, 2, 3, 4]));
  expect(first.events.map(({ id }) => id)).toEqual([4]);
});

test('an order with more events than one read takes is told whole', async () => {
  const { record, follow, orderId, admin } = await withOrder();
  await record(numbers(350).map((n) => shipped(orderId, n + 1)));
  const stream = await follow(orderId, admin);
  await eventually(() => expect(stream.events.map(({ id }) => id)).toEqual(numbers(351)));
});

test('a quiet stream shows that it is alive, and ends when its time is up', async () => {
  const { follow, orderId, admin } = await withOrder({ live: { heartbeatMs: 50, maxAgeMs: 400 } });
  const stream = await follow(orderId, admin);
  await eventually(() =>
    expect(stream.others.filter((text) => text === ': alive').length).toBeGreaterThan(2),
  );
  await stream.over;
  expect(stream.ended()).toBe('whole');
});

test('the database going away is waited out, and nothing is lost', async () => {
  const { serve, db, record, orderId, admin } = await withOrder();
  let down = false;
  const query: Query = async (text, values) => {
    if (down) throw new Error('Connection terminated');
    return db.query(text, values) as never;
  };
  const { follow, scope } = await serve({ db: { ...db, query }, pollMs: 20 });
  const stream = await follow(orderId, admin);
  await eventually(() => expect(stream.events).toHaveLength(1));
  down = true;
  await record([shipped(orderId)]);
  await eventually(() => expect(scope.lines.some(({ msg }) => /streams wait/.test(String(msg)))).toBe(true));
  down = false;
  await eventually(() => expect(stream.types()).toEqual(['order.placed', 'order.shipped']));
});

test('stopping ends every stream at once and takes no more; the client goes on elsewhere', async () => {
  const { serve, follow, record, stop, orderId, admin, scope } = await withOrder();
  const streams = await Promise.all(numbers(3).map(() => follow(orderId, admin)));
  await eventually(() => expect(streams.every(({ events }) => events.length === 1)).toBe(true));
  const begun = performance.now();
  await stop();
  expect(performance.now() - begun).toBeLessThan(2_000);
  await Promise.all(streams.map(({ over }) => over));
  expect(streams.map(({ ended }) => ended())).toEqual(['whole', 'whole', 'whole']);
  expect(await scope.metrics.registry.metrics()).toContain('audit_live_streams{service="test"} 0');

  await record([shipped(orderId)]);
  const other = await serve();
  const resumed = await other.follow(orderId, { ...admin, 'last-event-id': '1' });
  await eventually(() => expect(resumed.types()).toEqual(['order.shipped']));
});

/** A client that asks and then takes nothing. */
async function openDeaf(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ closed: () => boolean }> {
  const socket = connect(port, '127.0.0.1');
  let closed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.pause();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n`);
  return { closed: () => closed };
}

/** Far more than the buffers on the way hold. */
const flood = (orderId: string) => numbers(120).map((n) => shipped(orderId, n + 1, 'x'.repeat(100_000)));

test('a client that takes nothing is let go, and others do not notice', async () => {
  // Long enough for the one that does take 12 MB on a busy machine, where it shares our processor.
  const live = { heartbeatMs: 50, slowMs: 2_000, pollMs: 50 };
  const { record, follow, port, orderId, admin, scope } = await withOrder({ live });
  await record(flood(orderId));
  await openDeaf(port, `/api/orders/${orderId}/events`, admin);
  const stream = await follow(orderId, admin);
  await eventually(() => expect(stream.events).toHaveLength(121), { timeoutMs: 25_000 });
  await eventually(async () =>
    expect(await scope.metrics.registry.metrics()).toContain(
      'audit_live_streams_ended_total{why="slow",service="test"} 1',
    ),
  );
  expect(stream.ended()).toBe('no');
});

test('a client that takes nothing does not hold up the end of the service', async () => {
  const { record, stop, port, orderId, admin, scope } = await withOrder({ live: { pollMs: 50 } });
  await record(flood(orderId));
  await openDeaf(port, `/api/orders/${orderId}/events`, admin);
  await eventually(async () =>
    expect(await scope.metrics.registry.metrics()).toContain('audit_live_streams{service="test"} 1'),
  );
  await sleep(200);
  const begun = performance.now();
  await stop();
  expect(performance.now() - begun).toBeLessThan(4_000);
});

test('more streams than a process may have are refused, with when to try again', async () => {
  const { follow, orderId, admin } = await withOrder({ live: { maxStreams: 1 } });
  const stream = await follow(orderId, admin);
  const refused = await follow(orderId, admin);
  expect(refused.response.status).toBe(503);
  expect(refused.response.headers.get('retry-after')).toBe('1');
  expect(problem.parse(await refused.response.json()).code).toBe('unavailable');
  stream.leave();
  await eventually(async () => expect((await follow(orderId, admin)).response.status).toBe(200));
});

test('an account opens streams up to its share and is then told 429; another account is served', async () => {
  const { follow, orderId, admin, scope } = await withOrder({ live: { perAccount: 3 } });
  const own = await Promise.all(numbers(3).map(() => follow(orderId, admin)));
  expect(own.map(({ response }) => response.status)).toEqual([200, 200, 200]);
  const refused = await follow(orderId, admin);
  expect([refused.response.status, refused.response.headers.get('retry-after')]).toEqual([429, '5']);
  const { code, detail } = problem.parse(await refused.response.json());
  expect([code, detail]).toEqual(['rate_limited', expect.stringContaining('Close a live stream')]);
  expect(await scope.metrics.registry.metrics()).toContain(
    'audit_live_streams_refused_total{why="each",service="test"} 1',
  );

  const others = [await as.admin(), await as.customer('ada@example.org'), await as.service()];
  for (const headers of others) expect((await follow(orderId, headers)).response.status).toBe(200);
  own[0]!.leave();
  await eventually(async () => expect((await follow(orderId, admin)).response.status).toBe(200));
});

test('the parts of OrderFlow have no share of their own', async () => {
  const { follow, orderId } = await withOrder({ live: { perAccount: 1 } });
  const service = await as.service();
  const streams = await Promise.all(numbers(3).map(() => follow(orderId, service)));
  expect(streams.map(({ response }) => response.status)).toEqual([200, 200, 200]);
});
