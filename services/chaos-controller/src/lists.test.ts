import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { drillDatabase } from '../test/controller.ts';
import { aSpec } from '../test/drill-samples.ts';
import { createApp } from './app.ts';
import { createKillSwitch } from './kill-switch.ts';
import { startDrill } from './operations/start-drill.ts';

// Twenty of a rare name are the oldest.
const FILL = `
  INSERT INTO drills (id, name, phase, spec, state, started_by)
  SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
    CASE WHEN n <= 20 THEN 'order-evict' ELSE 'redis-crash' END, phase, spec, state, started_by
  FROM drills, generate_series(1, 5000) AS n`;

test('every list of drills reads about as many rows as it shows, with each filter and page', {
  timeout: 90_000,
}, async () => {
  const db = await drillDatabase();
  await startDrill(db, { name: 'redis-crash', spec: { ...aSpec(), dryRun: false }, startedBy: 'a test' });
  await fillTables(db, FILL);
  const driver = { killSwitch: async () => ({ engaged: false, reason: '', by: 'none' }) };
  const killSwitch = createKillSwitch({ db, driver });
  const app = createApp({
    scope: testScope(),
    auth: testAuth,
    db,
    killSwitch,
    schedules: [],
    bank: undefined,
  });
  const listDrills = { filters: { name: 'order-evict' }, callers: { admin: await as.admin() } };
  const samples = { listDrills };
  expect(await wastefulLists({ service: 'chaos-controller', app, db, samples })).toEqual([]);
});
