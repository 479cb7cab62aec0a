import { type DrillReport, drillSpec } from '@orderflow/contracts/drills';
import { testDatabase } from '@orderflow/testing/database';
import { testScope } from '@orderflow/testing/scope';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, openLab } from '../../test/lab.ts';
import type { DrillState } from '../drill-state.ts';
import { keepDrill } from '../operations/keep-drill.ts';
import { findDrillOfResource } from '../operations/read-drill.ts';
import { syncDrills } from './drill-resources.ts';

const migrations = [new URL('../../prisma/migrations/', import.meta.url)];

let lab: Lab;
beforeAll(async () => {
  lab = await openLab('drills', 'global.drills.allowed=true', 'order.replicas=1');
});
afterAll(() => lab?.close());

const spec = {
  hypothesis: 'Nothing is lost when it goes.',
  target: { kind: 'service', service: 'order' },
  fault: { type: 'crash' },
};
let count = 0;
const aDrill = (over: object = {}, metadata: object = {}) => {
  count += 1;
  const name = `drill-${count}`;
  return {
    apiVersion: 'orderflow.io/v1alpha1',
    kind: 'Drill',
    metadata: { name, ...metadata },
    spec: { ...spec, ...over },
  };
};

describe('the API server', () => {
  const accepts = async (body: object): Promise<string | undefined> => {
    try {
      lab.apply(body);
      await lab.kubectl('delete', 'drills', '--all');
      return undefined;
    } catch (error) {
      return String((error as { stderr: Buffer }).stderr);
    }
  };

  // The same list is held against the contract, so that both take and refuse the same.
  test.each<[string, object]>([
    ['a drill of a service', {}],
    ['Redis', { target: { kind: 'redis' } }],
    ['Redis of a service', { target: { kind: 'redis', service: 'order' } }],
    ['a Postgres of nobody', { target: { kind: 'postgres' } }],
    ['a service that is none', { target: { kind: 'service', service: 'shop' } }],
    ['a partition for a while', { fault: { type: 'partition', forSeconds: 20 } }],
    ['a partition without end', { fault: { type: 'partition' } }],
    ['a crash that lasts', { fault: { type: 'crash', forSeconds: 20 } }],
    [
      'a fault of the bank',
      {
        target: { kind: 'service', service: 'bank' },
        fault: { type: 'bank', forSeconds: 9, bank: { hang: true } },
      },
    ],
    ['a fault of the bank that is none', { fault: { type: 'bank', forSeconds: 9 } }],
    ['eleven at once', { fault: { type: 'crash', count: 11 } }],
    [
      'a probe of both kinds',
      { probes: [{ name: 'a', http: { url: '/' }, prometheus: { query: 'up', is: '==', value: 1 } }] },
    ],
    ['a probe of one kind', { probes: [{ name: 'a', http: { url: '/' } }] }],
    ['a probe of a bad name', { probes: [{ name: 'A', http: { url: '/' } }] }],
    ['no hypothesis', { hypothesis: 'short' }],
    ['a field that is none', { faultt: 1 }],
    ['half an order a second', { orders: { perSecond: 0.5 } }],
    ['a thousand orders a second', { orders: { perSecond: 1000 } }],
  ])('and the contract judge alike: %s', async (_, over) => {
    const { error } = drillSpec.safeParse({ ...spec, ...over });
    const refusal = await accepts(aDrill(over));
    expect(refusal === undefined, refusal).toBe(error === undefined);
    for (const issue of error?.issues ?? []) {
      if (issue.code === 'custom') expect(refusal).toContain(issue.message);
    }
  });

  test('fills in what the contract does, so that a drill by kubectl is the drill by REST', async () => {
    const drill = aDrill();
    lab.apply(drill);
    const { spec: kept } = await lab.json('get', 'drill', drill.metadata.name);
    expect(kept).toEqual(drillSpec.parse(spec));
    await lab.kubectl('delete', 'drills', '--all');
  });

  test('does not let a drill be changed, nor have a name that is none', async () => {
    const drill = aDrill();
    lab.apply(drill);
    expect(await accepts({ ...drill, spec: { ...drill.spec, dryRun: false } })).toContain(
      'A drill is not changed.',
    );
    expect(await accepts(aDrill({}, { name: 'with.dots' }))).toContain('at most 63 lower-case letters');
    await lab.kubectl('delete', 'drills', '--all');
  });
});

/** A controller with a database of its own that looks after the namespace's Drills when it is told to. */
async function aController() {
  const db = await testDatabase(migrations);
  const { log } = testScope();
  const { api, driver } = lab.open();
  const undone: string[] = [];
  const undo = async ({ id }: { id: string }) => {
    undone.push(id);
    await driver.undo({ id });
  };
  const health = { watchLoop: () => ({ beat() {}, done() {} }) };
  const sync = () =>
    syncDrills({ api, release: 'of', db, driver: { undo }, scope: { log, health } as never });
  const rowOf = async (name: string) => findDrillOfResource(db, (await seen(name)).metadata.uid);
  const change = async (name: string, changes: Partial<DrillState>, report: DrillReport | null = null) => {
    const { state, version } = (await rowOf(name))!;
    await keepDrill(db, { drill: { ...state, ...changes }, version: version + 1, report });
  };
  return { sync, rowOf, change, undone, db };
}
const seen = (name: string) => lab.json('get', 'drill', name);
const conditionsOf = (drill: Awaited<ReturnType<typeof seen>>) =>
  drill.status.conditions.map(({ type, status }: { type: string; status: string }) => `${type} ${status}`);
const isThere = (name: string) =>
  lab.kubectl('get', 'drill', name).then(
    () => true,
    () => false,
  );
const passed = {
  phase: 'Passed',
  endedAt: Date.now(),
  reason: 'AllHeld',
  message: 'Nothing was lost.',
  undone: true,
} as const;

describe('a Drill', () => {
  test('begins one drill, tells its way to the end, and is let go', async () => {
    const { sync, rowOf, change } = await aController();
    const drill = aDrill();
    const { name } = drill.metadata;
    lab.apply(drill);
    expect(await sync()).toBe(true);
    await sync();
    const row = (await rowOf(name))!;
    expect(row).toMatchObject({
      startedBy: 'kubernetes',
      resource: { namespace: lab.namespace, generation: 1 },
    });
    expect(row.state).toMatchObject({ name, spec: drillSpec.parse(spec) });
    const begun = await seen(name);
    expect(begun.metadata.finalizers).toEqual(['orderflow.io/drill-of-of']);
    expect(begun.status).toMatchObject({ id: row.id, phase: 'Pending', observedGeneration: 1 });
    expect(conditionsOf(begun)).toEqual(['Complete False', 'Passed Unknown']);

    await change(name, { phase: 'Observing' });
    await sync();
    const watched = await seen(name);
    expect(watched.status.phase).toBe('Observing');
    expect(watched.status.conditions[0].lastTransitionTime).toBe(
      begun.status.conditions[0].lastTransitionTime,
    );

    await change(name, passed);
    await sync();
    const over = await seen(name);
    expect(over.status).toMatchObject({ phase: 'Passed', reason: 'AllHeld', message: 'Nothing was lost.' });
    expect(conditionsOf(over)).toEqual(['Complete True', 'Passed True']);
    expect(over.metadata.finalizers).toBeUndefined();
    await sync();
    expect((await seen(name)).metadata.resourceVersion).toBe(over.metadata.resourceVersion);
    const [, printed] = (await lab.kubectl('get', 'drill', name)).split('\n');
    expect(printed).toMatch(/drill-\d+ +Passed +service +order +crash/);
    await lab.kubectl('wait', '--for=condition=Complete', `drill/${name}`, '--timeout=1s');
    await lab.kubectl('delete', 'drill', name);
  });

  test('that is deleted while its drill runs goes when that was aborted and undone', async () => {
    const { sync, rowOf, change } = await aController();
    const drill = aDrill();
    const { name } = drill.metadata;
    lab.apply(drill);
    await sync();
    await lab.kubectl('delete', 'drill', name, '--wait=false');
    await sync();
    expect((await rowOf(name))!.abortAsked).toBe('Its Drill was deleted.');
    await change(name, {
      phase: 'Aborted',
      endedAt: Date.now(),
      reason: 'Asked',
      message: 'x',
      undone: false,
    });
    await sync();
    expect(await isThere(name)).toBe(true);
    await change(name, { phase: 'Aborted', undone: true });
    await sync();
    expect(await isThere(name)).toBe(false);
  });

  test('that was deleted before its drill began goes at once', async () => {
    const { sync, db } = await aController();
    const drill = aDrill({}, { finalizers: ['orderflow.io/drill-of-of'] });
    lab.apply(drill);
    await lab.kubectl('delete', 'drill', drill.metadata.name, '--wait=false');
    await sync();
    expect(await isThere(drill.metadata.name)).toBe(false);
    expect(await db.query('SELECT id FROM drills')).toEqual([]);
  });

  test('whose drill the database has forgotten is undone and let go, and not begun again', async () => {
    const before = await aController();
    const drill = aDrill();
    const { name } = drill.metadata;
    lab.apply(drill);
    await before.sync();
    const { id } = (await before.rowOf(name))!;
    const after = await aController();
    await after.sync();
    expect(after.undone).toEqual([id]);
    expect((await seen(name)).status).toMatchObject({ phase: 'Inconclusive', reason: 'Forgotten' });
    await after.sync();
    expect(await after.rowOf(name)).toBeUndefined();
    await lab.kubectl('delete', 'drill', name);
  });

  test('that is over is not begun again by a controller that does not know it', async () => {
    const before = await aController();
    const drill = aDrill();
    lab.apply(drill);
    await before.sync();
    await before.change(drill.metadata.name, passed);
    await before.sync();
    const after = await aController();
    await after.sync();
    expect(await after.rowOf(drill.metadata.name)).toBeUndefined();
    expect((await seen(drill.metadata.name)).status.phase).toBe('Passed');
    await lab.kubectl('delete', 'drill', drill.metadata.name);
  });

  test('of another release is left alone: by its label, or because the other was first', async () => {
    const { sync, db } = await aController();
    const labelled = aDrill({}, { labels: { 'app.kubernetes.io/instance': 'of-2' } });
    const taken = aDrill({}, { finalizers: ['orderflow.io/drill-of-of-2'] });
    lab.apply(labelled, taken);
    await sync();
    expect(await db.query('SELECT id FROM drills')).toEqual([]);
    await lab.kubectl(
      'patch',
      'drill',
      taken.metadata.name,
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    );
    await lab.kubectl('delete', 'drills', '--all');
  });

  test('has Events to be read', async () => {
    const { sync, rowOf } = await aController();
    const drill = aDrill();
    const { name } = drill.metadata;
    lab.apply(drill);
    await sync();
    const { id } = (await rowOf(name))!;
    await lab
      .open()
      .driver.tell({ drill: { id, name } }, { type: 'Normal', reason: 'Recovered', message: 'In 8 s.' });
    expect(await lab.kubectl('describe', 'drill', name)).toMatch(/Normal +Recovered .* In 8 s\./);
    await lab.kubectl('delete', 'drill', name, '--wait=false');
    await lab.kubectl('patch', 'drill', name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
  });
});
