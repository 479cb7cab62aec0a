import { randomUUID } from 'node:crypto';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { drillDatabase, settings as someSettings } from '../../test/controller.ts';
import { aCheck } from '../../test/drill-samples.ts';
import { goodLook, someTallies } from '../../test/engine-world.ts';
import { quick } from '../../test/fake-world.ts';
import { type Lab, type Manifest, openLab } from '../../test/lab.ts';
import { createApp } from '../app.ts';
import { noBank } from '../bank.ts';
import { createKillSwitch } from '../kill-switch.ts';
import { createDrillMetrics } from '../metrics.ts';
import { makeReport } from '../report.ts';
import { type Settings, startRunner } from '../runner.ts';
import type { Eyes } from '../seen.ts';
import { startDrillResources } from './drill-resources.ts';

const spec = {
  ...quick,
  hypothesis: 'Nothing is lost when it goes.',
  target: { kind: 'service', service: 'order' },
  fault: { type: 'crash' },
};

let lab: Lab;
beforeAll(async () => {
  lab = await openLab('refusals', 'global.drills.allowed=true', 'order.replicas=2');
  await lab.ready({ kind: 'service', service: 'order' });
});
afterAll(() => lab?.close());

/** A whole controller of the lab's namespace. Only its eyes are made up: they see orders that go well. */
async function aController(changes: Partial<Settings> = {}) {
  const db = await drillDatabase();
  const { api, driver } = lab.open();
  const scope = testScope();
  const killSwitch = createKillSwitch({ db, driver });
  const nothing = async () => {};
  const eyes: Eyes = {
    start: nothing,
    stopOrders: nothing,
    leave: nothing,
    close: nothing,
    check: async () => aCheck('one-charge-per-order', []),
    finish: async () => someTallies,
    async look(drill) {
      const target = await driver.look(drill.spec.target);
      return { ...goodLook(drill, Date.now()), target, killSwitch: await killSwitch.read() };
    },
  };
  const settings = { ...someSettings, namespaces: [lab.namespace], ...changes };
  const metrics = createDrillMetrics(scope.metrics);
  const runner = startRunner({
    db,
    world: { driver, eyes, bank: noBank },
    settings,
    makeReport,
    metrics,
    scope,
    everyMs: 200,
  });
  const resources = startDrillResources({ api, release: lab.release, db, driver, scope }, { everyMs: 200 });
  onTestFinished(async () => {
    await Promise.all([runner.stop(), resources.stop()]);
  });
  return { app: createApp({ scope, auth: testAuth, db, killSwitch, schedules: [], bank: undefined }) };
}

/** What a drill could touch, down to the version of each object. */
async function everything(): Promise<string[]> {
  const kinds = 'pods,deployments,replicasets,statefulsets,networkpolicies,leases,configmaps,pdb';
  const { items } = await lab.json('get', kinds);
  return items.map(
    ({ kind, metadata: { name, uid, resourceVersion } }: Manifest) =>
      `${kind} ${name} ${uid} ${resourceVersion}`,
  );
}

/** Asks for the drill as people do, and gives the status that it ends with. */
async function ask(over: object = {}) {
  const name = `drill-${randomUUID().slice(0, 8)}`;
  lab.apply({
    apiVersion: 'orderflow.io/v1alpha1',
    kind: 'Drill',
    metadata: { name },
    spec: { ...spec, ...over },
  });
  onTestFinished(async () => void (await lab.kubectl('delete', 'drill', name, '--timeout=60s')));
  await lab.kubectl('wait', '--for=condition=Complete', `drill/${name}`, '--timeout=60s');
  return (await lab.json('get', 'drill', name)).status;
}

/** It must be refused with this reason and in such words, and nothing may have been touched. */
async function mustRefuse(reason: string, words: RegExp, over: object = {}) {
  const before = await everything();
  const status = await ask(over);
  expect(status).toMatchObject({ phase: 'Refused', reason, message: expect.stringMatching(words) });
  expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Passed', status: 'Unknown' }));
  expect(status.instances).toEqual([]);
  expect(await everything()).toEqual(before);
}

test('with nothing against it, the drill of these tests takes exactly one pod', async () => {
  await aController();
  const before = await lab.podsOf('order');
  expect(await ask()).toMatchObject({ phase: 'Passed', instances: [expect.any(String)] });
  const after = await lab.podsOf('order');
  expect(before.filter((pod) => !after.includes(pod))).toHaveLength(1);
  await lab.ready({ kind: 'service', service: 'order' });
});

test('a dry run touches nothing, and says what it would take', async () => {
  await aController();
  const before = await everything();
  const status = await ask({ dryRun: true });
  expect(status).toMatchObject({ phase: 'Inconclusive', reason: 'DryRun' });
  const uids = (await lab.json('get', 'pods', '-l', 'orderflow.io/workload=of-order')).items.map(
    ({ metadata }: Manifest) => metadata.uid,
  );
  expect(uids.filter((uid: string) => status.message.includes(uid))).toHaveLength(1);
  expect(await everything()).toEqual(before);
});

test('a target without the label is refused', async () => {
  await aController();
  const pod = await lab.podOf('order');
  await lab.kubectl('label', 'pod', pod, 'orderflow.io/drills-');
  onTestFinished(async () => void (await lab.kubectl('label', 'pod', pod, 'orderflow.io/drills=allowed')));
  await mustRefuse('NotOptedIn', new RegExp(`${pod} has no label that lets drills have it`));
});

test('a target with too few replicas is refused', async () => {
  await aController({ minReplicas: { ...someSettings.minReplicas, service: 3 } });
  await mustRefuse('TooFewReplicas', /2 are ready; at least 3 must be/);
});

test('an eviction that a PodDisruptionBudget stands against is refused', async () => {
  await aController();
  await lab.changed('pdb', 'of-order', { spec: { minAvailable: null, maxUnavailable: 0 } });
  await lab.kubectl('wait', 'pdb/of-order', '--for=jsonpath={.status.disruptionsAllowed}=0', '--timeout=30s');
  await mustRefuse('DisruptionBudget', /allows 0 evictions now, not 1/, { fault: { type: 'evict' } });
});

test('a drill is refused while another one has the Lease', async () => {
  await aController();
  const { driver } = lab.open();
  const other = { id: randomUUID() };
  expect(await driver.takeTurn(other)).toBe(true);
  onTestFinished(() => driver.endTurn(other));
  const seconds = { spec: { leaseDurationSeconds: 120 } };
  await lab.kubectl('patch', 'lease', 'of-drills', '--type=merge', '-p', JSON.stringify(seconds));
  await mustRefuse('AnotherDrillRuns', /Another drill has the turn/);
});

test('in quiet hours a drill is refused', async () => {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
  const hours = (from: string, to: string) => ({ days: [...days], from, to, timeZone: 'UTC' });
  await aController({ quietHours: [hours('00:00', '12:00'), hours('12:00', '00:00')] });
  await mustRefuse('QuietHours', /These are quiet hours, from \d\d:00 to \d\d:00 \(UTC\)/);
});

test('a namespace that is not in the list is refused', async () => {
  await aController({ namespaces: ['shop'] });
  await mustRefuse('NamespaceNotAllowed', /drills-lab-refusals is not among those .* may touch: shop/);
});

test('a target of which there is nothing is refused', async () => {
  await aController();
  const target = { kind: 'service', service: 'bank' };
  await mustRefuse('EmptyTarget', /There is no instance of the service bank/, { target });
});

test('while the kill switch of the cluster is on, a drill is refused', async () => {
  await aController();
  await lab.changed('configmap', 'of-drills', { data: { enabled: 'false' } });
  await mustRefuse('KillSwitch', /The kill switch is engaged \(configmap\): .*of-drills/);
});

test('while the kill switch of the API is on, a drill is refused', async () => {
  const { app } = await aController();
  await request(app)
    .put('/api/drills/kill-switch')
    .set(await as.admin())
    .send({ engaged: true, reason: 'The sale begins.' })
    .expect(200);
  await mustRefuse('KillSwitch', /The kill switch is engaged \(rest\): The sale begins\./);
});
