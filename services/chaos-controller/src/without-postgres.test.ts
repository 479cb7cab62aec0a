import { createDatabase } from '@orderflow/service-kit/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { drillDatabase, settings } from '../test/controller.ts';
import { cuttable } from '../test/cuttable.ts';
import { aCheck, aSpec } from '../test/drill-samples.ts';
import { aServer } from '../test/fake-answers.ts';
import { aShop } from '../test/fake-shop.ts';
import { fakeWorld, quick } from '../test/fake-world.ts';
import { openEyes } from './eyes.ts';
import { createKillSwitch } from './kill-switch.ts';
import { createDrillMetrics } from './metrics.ts';
import { readDrill } from './operations/read-drill.ts';
import { startDrill } from './operations/start-drill.ts';
import { makeReport } from './report.ts';
import { startRunner } from './runner.ts';

/** A controller with its real eyes on a shop, whose way to Postgres can be cut; and another way for the test. */
async function controllerOnCuttablePostgres() {
  const db = await drillDatabase();
  const way = await cuttable(db.url);
  const scope = testScope();
  const { log } = scope;
  const own = createDatabase({ url: way.url, service: 'chaos-controller', log, max: 8 });
  const shop = await aShop();
  const auditor = await aServer(({ url }) => ({
    body:
      url === '/api/invariants'
        ? { status: 'holds', invariants: [], progress: {} }
        : aCheck('one-charge-per-order', []),
  }));
  const world = fakeWorld();
  const { driver, bank } = world.access();
  const eyes = openEyes({
    db: own,
    driver,
    killSwitch: createKillSwitch({ db: own, driver }).read,
    gatewayUrl: shop.url,
    probeOrigins: [],
    auditorUrl: auditor.url,
    internalToken: 'secret',
    emailDomain: 'drills.orderflow.invalid',
    log,
  });
  const metrics = createDrillMetrics(scope.metrics);
  const runner = startRunner({
    db: own,
    world: { driver, eyes, bank },
    settings,
    makeReport,
    metrics,
    scope,
    everyMs: 250,
  });
  onTestFinished(async () => {
    way.mend();
    await runner.stop();
    await eyes.close();
    await own.close();
  });
  return { db, way, world, shop, lines: scope.lines };
}

test.each(['gone', 'silent'] as const)(
  'a drill goes on while the Postgres of the controller is %s, undoes its fault in time and ends rightly',
  async (how) => {
    const { db, way, world, shop, lines } = await controllerOnCuttablePostgres();
    const spec = {
      ...aSpec({ fault: { type: 'partition', forSeconds: 3, count: 1, times: 1 } }),
      ...quick,
      recoverWithinSeconds: 60,
      settleWithinSeconds: 60,
    };
    const { id } = await startDrill(db, { name: 'own-postgres', spec, startedBy: 'a test' });
    const patience = { timeoutMs: 40_000 };
    const read = async () => (await readDrill(db, id))!;
    await eventually(async () => expect((await read()).state.phase).toBe('Observing'), patience);
    way.cut(how);
    await eventually(() => expect(world.effects()).toContain('undo'), patience);
    expect(world.left.has(id)).toBe(false);
    expect((await read()).state.phase).toBe('Observing');
    const tried = shop.tries.length;
    way.mend();

    const { state, report } = await eventually(async () => {
      const row = await read();
      expect(row.report).not.toBeNull();
      return row;
    }, patience);
    expect(state).toMatchObject({ phase: 'Passed', reason: 'AccountedFor', undone: true });
    expect(report?.orders).toMatchObject({ open: 0, lost: 0, doubled: 0, accepted: shop.orders.size });
    expect(shop.tries.length).toBeGreaterThan(tried);
    expect((await read()).orders).toEqual({
      asked: shop.orders.size,
      accepted: shop.orders.size,
      ended: shop.orders.size,
    });
    expect(world.turn()).toBeNull();
    expect(world.effects().filter((call) => call === 'cut')).toHaveLength(1);
    expect(lines.map(({ msg }) => msg)).toContain('a drill is not written down yet');
  },
  90_000,
);
