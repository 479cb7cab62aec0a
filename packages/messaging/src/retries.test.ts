import { testDatabase } from '@orderflow/testing/database';
import { expect, test } from 'vitest';
import { messagingMigrations } from './migrations.ts';
import { beginNext, takeCustody } from './retries.ts';

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
