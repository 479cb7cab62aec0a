import { testDatabase } from '@orderflow/testing/database';
import { expect, test } from 'vitest';
import { equalJitter } from './backoff.ts';
import { messagingMigrations } from './migrations.ts';
import { beginNext, MAX_FAILURES, RETRY_BACKOFF, takeCustody } from './retries.ts';

/** Leaves the planner nothing but to look for the next event once for each row, as it may choose to by itself. */
const PLAN = ['hashjoin', 'mergejoin', 'material', 'hashagg', 'sort'];

test('one event is begun at a time, whatever the plan', async () => {
  const db = await testDatabase([messagingMigrations]);
  const events = ['a', 'b', 'c', 'd'].map((key) => ({
    group: 'payment' as const,
    key,
    stream: 'orderflow:order',
    entryId: '1-0',
    body: '{}',
  }));
  await takeCustody(db, events);
  const begun = await db.transaction(async (tx) => {
    for (const what of PLAN) await tx.query(`SET LOCAL enable_${what} = off`);
    return beginNext(tx, 'payment', 4_500);
  });
  expect(begun).toMatchObject([{ begun: 1, ended: 0 }]);
  expect(await db.query('SELECT sum(begun)::int AS begun FROM messaging.retry')).toEqual([{ begun: 1 }]);
});

test('an event that fails each time is given up on after about ten minutes: 6.8 at least, 13.6 at most', () => {
  const minutes = (random: number) => {
    const waits = Array.from({ length: MAX_FAILURES - 1 }, (_, i) =>
      equalJitter(i + 1, { ...RETRY_BACKOFF, random: () => random }),
    );
    return Math.round(waits.reduce((sum, ms) => sum + ms, 0) / 6_000) / 10;
  };
  expect([minutes(0), minutes(0.5), minutes(1)]).toEqual([6.8, 10.2, 13.6]);
});
