import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { drillDatabase } from '../test/controller.ts';
import { startPruning } from './pruning.ts';

const DAY_MS = 86_400_000;

/** A database with drills that ended so many days ago, each with an order; null for one that is under way. */
async function withDrills() {
  const db = await drillDatabase();
  async function add(name: string, ago: number | null, { struck = true, undone = true } = {}) {
    const id = newId();
    const endedAt = ago === null ? null : new Date(Date.now() - ago * DAY_MS);
    await db.query(
      `INSERT INTO drills (id, name, phase, spec, state, started_by, report, undone, injected_at, ended_at)
       VALUES ($1, $2, $3, '{}', '{}', 'a test', '{}', $4, $5, $6)`,
      [id, name, endedAt ? 'Passed' : 'Observing', undone, struck ? endedAt : null, endedAt],
    );
    await db.query(`INSERT INTO drill_orders (drill_id, n, key, asked_at) VALUES ($1, 1, 'key', now())`, [
      id,
    ]);
    return id;
  }
  const idsIn = async (statement: string) => (await db.query<{ id: string }>(statement)).map(({ id }) => id);
  const kept = () => idsIn('SELECT id FROM drills ORDER BY id');
  const withOrders = () => idsIn('SELECT drill_id AS id FROM drill_orders ORDER BY drill_id');
  return { db, add, kept, withOrders };
}

function prune(db: Awaited<ReturnType<typeof drillDatabase>>, changes = {}) {
  const scope = testScope();
  const pruning = startPruning({ db, keepDays: 90, scope, ...changes });
  onTestFinished(pruning.stop);
  return { ...pruning, lines: scope.lines };
}

test('drills that are too old go with their orders and reports, and the last of each name stays', async () => {
  const { db, add, kept, withOrders } = await withDrills();
  await add('crash', 200);
  await add('crash', 91);
  const young = await add('crash', 89);
  await add('once', 400);
  const last = await add('once', 300);
  const { lines } = prune(db);
  await eventually(async () => expect(await kept()).toEqual([young, last]));
  expect(await withOrders()).toEqual([young, last]);
  await eventually(() => expect(lines).toMatchObject([{ drills: 3, msg: 'forgot old drills' }]));
});

test('the last that struck stays too, which the next is compared with; so does what is not undone or not over', async () => {
  const { db, add, kept } = await withDrills();
  const struck = await add('crash', 300);
  await add('crash', 250, { struck: false });
  const refused = await add('crash', 200, { struck: false });
  const notUndone = await add('cut', 400, { undone: false });
  const cut = await add('cut', 1);
  const running = await add('cut', null);
  const scheduled = await add('nightly', 300);
  await db.query(`INSERT INTO schedules (name, fired_for, last_drill) VALUES ('nightly', now(), $1)`, [
    scheduled,
  ]);
  const byHand = await add('nightly', 200);
  prune(db);
  const staying = [struck, refused, notUndone, cut, running, scheduled, byHand];
  await eventually(async () => expect(await kept()).toEqual(staying));
});

test('many go in several statements, and it is done again every day, whatever went wrong the day before', async () => {
  const { db, add, kept } = await withDrills();
  for (let n = 0; n < 25; n++) await add('crash', 200);
  const last = await add('crash', 1);
  let fails = 1;
  const query: typeof db.query = (text, values) =>
    fails-- > 0 ? Promise.reject(new Error('no database')) : db.query(text, values);
  const { lines } = prune({ ...db, query } as typeof db, { everyMs: 20 });
  await eventually(async () => expect(await kept()).toEqual([last]));
  await eventually(() =>
    expect(lines).toMatchObject([
      { msg: 'old drills could not be forgotten; trying again' },
      { drills: 25, msg: 'forgot old drills' },
    ]),
  );
});
