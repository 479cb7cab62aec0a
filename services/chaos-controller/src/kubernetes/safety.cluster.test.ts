import { randomUUID } from 'node:crypto';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Lab, openLab } from '../../test/lab.ts';

const order: DrillTarget = { kind: 'service', service: 'order' };
const gateway: DrillTarget = { kind: 'service', service: 'gateway' };

let lab: Lab;
beforeAll(async () => {
  const settings = ['global.drills.allowed=true', 'global.drills.admissionPolicy=true', 'order.replicas=2'];
  lab = await openLab('safety', ...settings);
  await lab.ready(order);
  await lab.ready(gateway);
});
afterAll(() => lab?.close());

const budget = (name: string) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name },
  spec: { maxUnavailable: 0, selector: { matchLabels: { 'app.kubernetes.io/name': 'gateway' } } },
});

describe('a disruption budget', () => {
  test('that blocks is seen, and honoured by an eviction with its words', async () => {
    const { driver } = lab.open();
    expect((await driver.look(gateway)).disruptionsAllowed).toBeNull();
    expect((await driver.look(order)).disruptionsAllowed).toBe(1);
    lab.apply(budget('block'));
    onTestFinished(async () => void (await lab.kubectl('delete', 'pdb', 'block')));
    const { instances, disruptionsAllowed } = await driver.look(gateway);
    expect(disruptionsAllowed).toBe(0);
    const removed = await driver.remove(instances[0]!, 'evict');
    expect(removed).toMatchObject({ outcome: 'refused', why: expect.stringContaining('disruption budget') });
    expect((await driver.look(gateway)).instances).toEqual(instances);
  });

  test('that overlaps another makes evictions impossible, which is a refusal', async () => {
    const { driver } = lab.open();
    lab.apply(budget('one'), budget('two'));
    onTestFinished(async () => void (await lab.kubectl('delete', 'pdb', 'one', 'two')));
    const { instances } = await driver.look(gateway);
    const removed = await driver.remove(instances[0]!, 'evict');
    expect(removed).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('more than one PodDisruptionBudget'),
    });
    expect((await driver.look(gateway)).instances).toEqual(instances);
  });
});

test('a pod without the label is neither deleted nor evicted: the API server refuses it, and it lives', async () => {
  const { driver } = lab.open();
  const [pod] = (await driver.look(gateway)).instances;
  await lab.kubectl('label', 'pod', pod!.name, 'orderflow.io/drills-');
  onTestFinished(
    async () => void (await lab.kubectl('label', 'pod', pod!.name, 'orderflow.io/drills=allowed')),
  );
  expect((await driver.look(gateway)).instances).toEqual([{ ...pod, optedIn: false }]);
  for (const how of ['delete', 'crash', 'evict'] as const) {
    expect(await driver.remove(pod!, how)).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining(`${pod!.name} does not carry the label`),
    });
  }
  expect((await driver.look(gateway)).instances).toEqual([{ ...pod, optedIn: false }]);
});

test('a pod of the name that was chosen, but with another uid, lives', async () => {
  const { driver } = lab.open();
  const [pod] = (await driver.look(order)).instances;
  for (const how of ['evict', 'delete', 'crash'] as const) {
    expect(await driver.remove({ name: pod!.name, uid: randomUUID() }, how)).toEqual({ outcome: 'gone' });
  }
  expect((await driver.look(order)).instances).toContainEqual(pod);
});

test('a target that is not there has no instances', async () => {
  expect(await lab.open().driver.look({ kind: 'service', service: 'bank' })).toMatchObject({
    instances: [],
    wanted: 0,
  });
});

describe('the kill switch', () => {
  const say = (data: object) =>
    lab.kubectl('patch', 'configmap', 'of-drills', '--type=merge', '-p', JSON.stringify({ data }));
  const read = () => lab.open().driver.killSwitch();

  test('lets drills run while it says "true", and by nothing else', async () => {
    expect(await read()).toMatchObject({ engaged: false, by: 'configmap' });
    onTestFinished(async () => void (await say({ enabled: 'true' })));
    for (const enabled of ['false', 'yes', 'TRUE', '', null]) {
      await say({ enabled });
      expect(await read()).toMatchObject({
        engaged: true,
        by: 'configmap',
        reason: expect.stringContaining('of-drills'),
      });
    }
  });

  test('throws when it may not be read', async () => {
    await lab.changed('role', 'of-chaos-controller', { rules: [] });
    await expect(read()).rejects.toThrow(/forbidden/);
  });

  test('is engaged when somebody deleted it', async () => {
    await lab.changed('configmap', 'of-drills', {});
    await lab.kubectl('delete', 'configmap', 'of-drills');
    expect(await read()).toMatchObject({ engaged: true, reason: expect.stringContaining('is not there') });
  });
});

describe('the ServiceAccount', () => {
  const can = async (...what: string[]) =>
    (await lab.asController('auth', 'can-i', ...what).catch(({ stdout }) => stdout)).trim() === 'yes';

  test.each([
    'get pods',
    'list pods',
    'delete pods',
    'create pods --subresource=eviction',
    'get deployments.apps',
    'list poddisruptionbudgets.policy',
    'create leases.coordination.k8s.io',
    'update leases.coordination.k8s.io',
    'get configmaps/of-drills',
    'update drills.orderflow.io',
    'patch drills.orderflow.io --subresource=status',
    'create events.events.k8s.io',
    'patch networkpolicies.networking.k8s.io',
    'patch deployments.apps --subresource=scale',
    'patch statefulsets.apps --subresource=scale',
  ])('may %s', async (what) => expect(await can(...what.split(' '))).toBe(true));

  test.each([
    'get secrets',
    'list secrets',
    'create pods --subresource=exec',
    'create pods',
    'patch pods',
    'deletecollection pods',
    'get pods --subresource=log',
    'list configmaps',
    'get configmaps/of-order',
    'update configmaps/of-drills',
    'patch deployments.apps',
    'delete deployments.apps',
    'delete statefulsets.apps',
    'delete leases.coordination.k8s.io',
    'list leases.coordination.k8s.io',
    'create drills.orderflow.io',
    'delete drills.orderflow.io',
    'deletecollection networkpolicies.networking.k8s.io',
    'update networkpolicies.networking.k8s.io',
    'get nodes',
    'list namespaces',
    'create serviceaccounts --subresource=token',
    'impersonate users',
    'get roles.rbac.authorization.k8s.io',
    'delete persistentvolumeclaims',
    'patch poddisruptionbudgets.policy',
    '* *',
  ])('may not %s', async (what) => expect(await can(...what.split(' '))).toBe(false));

  test.each([
    'list pods',
    'delete pods',
    'create pods --subresource=eviction',
    'get configmaps/of-drills',
    'list drills.orderflow.io',
  ])('may not %s in another namespace', async (what) =>
    expect(await can(...what.split(' '), '-n', 'kube-system')).toBe(false),
  );

  test('is refused when it tries', async () => {
    const { instances } = await lab.open().driver.look(order);
    const attempts = [
      ['get', 'secrets'],
      ['exec', instances[0]!.name, '--', 'true'],
      ['-n', 'kube-system', 'delete', 'pod', '--all'],
      ['-n', 'default', 'get', 'pods'],
      ['delete', 'networkpolicy', 'of-default'],
      ['scale', 'deployment', 'of-order', '-n', 'default', '--replicas=0'],
      ['patch', 'deployment', 'of-order', '-p', '{"spec":{"replicas":0}}'],
      ['patch', 'configmap', 'of-drills', '-p', '{"data":{"enabled":"true"}}'],
    ];
    for (const attempt of attempts) {
      await expect(lab.asController(...attempt), attempt.join(' ')).rejects.toThrow(
        /Forbidden|forbidden|does not carry/,
      );
    }
    expect((await lab.open().driver.look(order)).instances).toEqual(instances);
    await lab.kubectl('get', 'networkpolicy', 'of-default');
  });
});

test('an Event is to be read at the pod', async () => {
  const { driver } = lab.open();
  const [instance] = (await driver.look(order)).instances;
  const what = { type: 'Warning', reason: 'DrillStruck', message: 'It was chosen.' } as const;
  await driver.tell({ drill: { id: randomUUID(), name: 'order-crash' }, instance }, what);
  const seen = await lab.kubectl('describe', 'pod', instance!.name);
  expect(seen).toMatch(/Warning +DrillStruck .* It was chosen\./);
});
