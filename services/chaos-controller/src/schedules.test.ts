import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, test } from 'vitest';
import { drillDatabase } from '../test/controller.ts';
import { aSpec } from '../test/drill-samples.ts';
import { fireSchedule } from './operations/fire-schedule.ts';
import { dueTime, fireDue, startSchedules, viewSchedules } from './schedules.ts';

const nightly = { name: 'nightly', cron: '30 2 * * *', timeZone: 'UTC', suspended: false, spec: aSpec() };
const at = (time: string) => new Date(`2026-03-04T${time}Z`);

async function schedules(all = [nightly]) {
  const db = await drillDatabase();
  return {
    db,
    look: (time: string) => fireDue(db, all, at(time)),
    drills: async () =>
      (await db.query<{ started_by: string }>('SELECT started_by FROM drills ORDER BY id')).map(
        (row) => row.started_by,
      ),
  };
}

test('a drill begins when it is due, once, also when two look at the same time or after a restart', async () => {
  const { db, look, drills } = await schedules();
  await look('02:29:55');
  expect(await drills()).toEqual([]);
  await Promise.all([look('02:30:01'), look('02:30:01')]);
  await look('02:30:05');
  expect(await drills()).toEqual(['schedule nightly']);
  const [view] = await viewSchedules(db, [nightly], at('02:31:00'));
  expect(view).toMatchObject({ next: '2026-03-05T02:30:00.000Z', lastDrill: expect.any(String) });
});

test('of two controllers that see the same due time one begins the drill', async () => {
  const { db, look, drills } = await schedules();
  await look('02:29:55');
  const seen = { after: at('02:29:55'), due: at('02:30:00') };
  const begun = await Promise.all([fireSchedule(db, nightly, seen), fireSchedule(db, nightly, seen)]);
  expect(begun.filter((id) => id !== undefined)).toHaveLength(1);
  expect(await drills()).toHaveLength(1);
});

test('what was missed while nobody looked is not made up for', async () => {
  const { look, drills } = await schedules();
  await look('02:00:00');
  await look('09:00:00');
  expect(await drills()).toEqual([]);
});

test('of many due times in a short absence the last one counts', async () => {
  const every = { ...nightly, cron: '* * * * *' };
  const { look, drills } = await schedules([every]);
  await look('02:00:30');
  await look('02:10:30');
  expect(await drills()).toHaveLength(1);
});

test('a schedule that was looked at by a clock an hour ahead goes on at its next time', async () => {
  const { look, drills } = await schedules();
  await look('03:29:55');
  await look('02:29:55');
  await look('02:30:01');
  await look('02:30:05');
  expect(await drills()).toEqual(['schedule nightly']);
});

test('a new schedule begins with what is due from now on, and one that is suspended with nothing', async () => {
  const { look, drills } = await schedules([nightly, { ...nightly, name: 'off', suspended: true }]);
  await look('02:30:01');
  expect(await drills()).toEqual([]);
  const { db } = await schedules();
  expect((await viewSchedules(db, [{ ...nightly, suspended: true }], at('02:00:00')))[0]?.next).toBeNull();
});

test('due times are local times', () => {
  const berlin = { ...nightly, timeZone: 'Europe/Berlin' };
  expect(dueTime(berlin, at('01:29:30'), at('01:30:10'))).toEqual(at('01:30:00'));
  expect(dueTime(berlin, at('02:29:30'), at('02:30:10'))).toBeUndefined();
});

test('the loop looks again and again, and stops', async () => {
  const { db, drills } = await schedules();
  let now = at('02:29:59');
  const loop = startSchedules({ db, schedules: [nightly], scope: testScope(), everyMs: 10, now: () => now });
  await eventually(async () => expect(await db.query('SELECT name FROM schedules')).toHaveLength(1));
  now = at('02:30:02');
  await eventually(async () => expect(await drills()).toEqual(['schedule nightly']));
  await loop.stop();
});
