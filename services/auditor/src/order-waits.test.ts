import { problem } from '@orderflow/contracts/errors';
import { newId } from '@orderflow/contracts/ids';
import type { Query } from '@orderflow/service-kit/database';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { oldId, placed } from '../test/saga.ts';

/** A replica whose looks for waiting requests are counted. */
async function withLooks(options: { maxWaiters?: number; lookEveryMs?: number; youngMs?: number } = {}) {
  const harness = await auditorHarness();
  let looks = 0;
  const query: Query = (text, values) => {
    if (text.includes('ANY($1::uuid[])')) looks += 1;
    return harness.db.query(text, values);
  };
  const replica = await harness.serve({}, { ...options, db: { ...harness.db, query } });
  const timeline = async (orderId: string, headers: Record<string, string>, signal?: AbortSignal) => {
    const response = await fetch(`${replica.base}/api/orders/${orderId}/timeline`, { headers, signal });
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: await response.json(),
    };
  };
  const seriesOf = async (name: string) =>
    (await replica.scope.metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  const waiting = async () => Number((await seriesOf('audit_order_waiters'))[0]?.split(' ')[1]);
  return { ...harness, timeline, waiting, seriesOf, looks: () => looks };
}

/** Longer than a busy machine takes to send all requests of a test, which end their waits themselves. */
const YOUNG_MS = 60_000;

test('hundreds of made-up ids slow nobody else: few wait, for all of them one look, and the others are 429', async () => {
  const { timeline, waiting, looks, record } = await withLooks({ lookEveryMs: 60_000, youngMs: YOUNG_MS });
  const [eve, ada] = [await as.customer('eve@example.org'), await as.customer('ada@example.org')];
  const leaving = new AbortController();
  const refused: Awaited<ReturnType<typeof timeline>>[] = [];
  const asked = Array.from({ length: 500 }, () =>
    timeline(newId(), eve, leaving.signal).then(
      (answer) => refused.push(answer),
      () => 'left',
    ),
  );
  await eventually(() => expect(refused).toHaveLength(495), { timeoutMs: 25_000 });
  expect(await waiting()).toBe(5);
  expect(refused.every(({ status, retryAfter }) => status === 429 && retryAfter === '1')).toBe(true);
  expect(problem.parse(refused[0]!.body).code).toBe('rate_limited');
  expect(looks()).toBe(0);

  const known = oldId();
  await record([placed(known)]);
  expect((await timeline(known, ada)).status).toBe(200);
  const fresh = newId();
  const opening = timeline(fresh, ada);
  await eventually(async () => expect(await waiting()).toBe(6));
  await record([placed(fresh)]);
  expect((await opening).status).toBe(200);
  // One for each commit, however many wait.
  expect(looks()).toBeLessThanOrEqual(2);
  leaving.abort();
  await Promise.all(asked);
});

test('when all who may wait do, the next is 503, and who does not wait is served', async () => {
  const { timeline, waiting, record } = await withLooks({ maxWaiters: 3, youngMs: YOUNG_MS });
  const accounts = await Promise.all([1, 2, 3].map((n) => as.customer(`eve${n}@example.org`)));
  const leaving = new AbortController();
  const asked = accounts.map((headers) => timeline(newId(), headers, leaving.signal).catch(() => 'left'));
  await eventually(async () => expect(await waiting()).toBe(3));
  const ada = await as.customer('ada@example.org');
  const refused = await timeline(newId(), ada);
  expect([refused.status, refused.retryAfter]).toEqual([503, '1']);
  const known = oldId();
  await record([placed(known)]);
  expect((await timeline(known, ada)).status).toBe(200);
  leaving.abort();
  await Promise.all(asked);
  await eventually(async () => expect(await waiting()).toBe(0));
});

test.each([
  ['from the future', () => v7({ msecs: Date.now() + 2_000 })],
  ['that is old', oldId],
  ['that carries no time', () => `${newId().slice(0, 14)}4${newId().slice(15)}`],
])('an id %s is not waited for', async (_how, makeId) => {
  const { timeline, seriesOf, record } = await withLooks();
  const admin = await as.admin();
  const orderId = makeId();
  expect((await timeline(orderId, admin)).status).toBe(404);
  expect(await seriesOf('audit_order_waits_total')).toEqual([]);
  // What exists is shown, whatever its id says.
  await record([placed(orderId)]);
  expect((await timeline(orderId, admin)).status).toBe(200);
});

test("somebody else's order that is young is waited for like one that does not exist", async () => {
  const { timeline, seriesOf, record } = await withLooks();
  const orderId = v7({ msecs: Date.now() + 900 }); // for a machine that is busy
  await record([placed(orderId)]);
  expect((await timeline(orderId, await as.customer('eve@example.org'))).status).toBe(404);
  expect(await seriesOf('audit_order_waits_total')).toEqual([expect.stringContaining('outcome="expired"')]);
});

test('what another replica records is found within a look', async () => {
  const { timeline, waiting, recordElsewhere } = await withLooks({ lookEveryMs: 50, youngMs: YOUNG_MS });
  const orderId = newId();
  const asked = timeline(orderId, await as.admin());
  await eventually(async () => expect(await waiting()).toBe(1));
  await recordElsewhere()([placed(orderId)]);
  expect((await asked).status).toBe(200);
});
