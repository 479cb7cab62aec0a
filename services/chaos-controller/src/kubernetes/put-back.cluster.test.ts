import { randomUUID } from 'node:crypto';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { silentLog } from '@orderflow/testing/scope';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Lab, openLab } from '../../test/lab.ts';
import { finalizerOf, listDrills, setFinalizers } from './drills-api.ts';
import { undoExpired, windUp } from './put-back.ts';

const order: DrillTarget = { kind: 'service', service: 'order' };

let lab: Lab;
beforeAll(async () => {
  lab = await openLab('put-back', 'global.drills.allowed=true');
  await lab.ready(order);
});
afterAll(() => lab?.close());

const aDrill = (forMs: number) => ({ id: randomUUID(), until: new Date(Date.now() + forMs) });
const putBack = () => ({ ...lab.openPutBack(), release: lab.release, log: silentLog });
const policies = async () =>
  (await lab.json('get', 'networkpolicies')).items.map(({ spec }: { spec: object }) => spec);

test('a cut and a scale whose time is up are undone without a controller; those that have time are left', async () => {
  const { driver } = lab.open();
  const before = { policies: await policies(), wanted: (await driver.look(order)).wanted };
  const [dueCut, dueScale, running] = [aDrill(-1_000), aDrill(-1_000), aDrill(600_000)];
  const customer: DrillTarget = { kind: 'service', service: 'customer' };
  onTestFinished(() => driver.undo(running));
  await driver.cut(order, dueCut);
  await driver.scaleToZero(order, dueScale);
  await driver.cut(customer, running);

  await undoExpired(putBack());
  expect(await driver.leftovers()).toEqual([running.id]);
  expect((await driver.look(order)).wanted).toBe(before.wanted);

  await undoExpired(putBack(), new Date(running.until.getTime() + 1));
  expect(await driver.leftovers()).toEqual([]);
  expect(await policies()).toEqual(before.policies);
});

test('a mark whose drill has no policy of its own any more is taken back', async () => {
  const { driver } = lab.open();
  const before = await policies();
  const drill = aDrill(600_000);
  await driver.cut(order, drill);
  await lab.kubectl('delete', 'networkpolicy', `${lab.release}-drill-${drill.id}`);
  await undoExpired(putBack());
  expect(await policies()).toEqual(before);
});

test('before an uninstall without a controller, faults are undone and Drills can be deleted', async () => {
  const { driver, api } = lab.open();
  const before = await policies();
  onTestFinished(async () => {
    await lab.kubectl('patch', 'configmap', 'of-drills', '--type=merge', '-p', '{"data":{"enabled":"true"}}');
    await lab.kubectl('delete', 'drills', '--all');
  });
  lab.apply({
    apiVersion: 'orderflow.io/v1alpha1',
    kind: 'Drill',
    metadata: { name: 'cut-short' },
    spec: { hypothesis: 'Nothing is lost.', target: order, fault: { type: 'partition', forSeconds: 60 } },
  });
  const [drill] = (await listDrills(api))!;
  await setFinalizers(api, drill!, [finalizerOf(lab.release)]);
  await driver.cut(order, aDrill(60_000));

  await windUp(putBack(), { waitMs: 0 });
  expect(await driver.leftovers()).toEqual([]);
  expect(await policies()).toEqual(before);
  expect(await driver.killSwitch()).toMatchObject({ engaged: true });
  const { metadata, status } = await lab.json('get', 'drill', 'cut-short');
  expect(metadata.finalizers).toBeUndefined();
  expect(status).toMatchObject({ phase: 'Aborted', reason: 'Uninstalled' });
});
