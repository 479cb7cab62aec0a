import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Lab, type Manifest, openLab } from '../../test/lab.ts';

const target: DrillTarget = { kind: 'service', service: 'order' };
const patient = { timeoutMs: 30_000, everyMs: 200 };

let lab: Lab;
beforeAll(async () => {
  lab = await openLab('cut', 'global.drills.allowed=true', 'order.replicas=2');
  for (const service of ['order', 'customer', 'gateway'] as const)
    await lab.ready({ kind: 'service', service });
  await lab.ready({ kind: 'postgres', service: 'order' });
});
afterAll(() => lab?.close());

const specs = async () => {
  const { items } = await lab.json('get', 'networkpolicies');
  return items.map(({ metadata, spec }: Manifest) => {
    const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } =
      metadata.annotations ?? {};
    return JSON.stringify({ name: metadata.name, annotations, spec });
  });
};

/** Every way in and out of the target, and one past it. */
const ways = async () => ({
  in: await lab.reaches('gateway', 'of-order:8080'),
  out: await lab.reaches('order', 'of-customer:8080'),
  database: await lab.reaches('order', 'of-order-postgres:5432'),
  past: await lab.reaches('gateway', 'of-customer:8080'),
});
const open = { in: true, out: true, database: true, past: true };
const cutOff = { in: false, out: false, database: false, past: true };

const aDrill = () => ({ id: randomUUID(), until: new Date(Date.now() + 60_000) });

/** A connection that gets a line every 200 ms, and when the last one came. */
async function stream(from: string, to: string) {
  const script = `fetch('http://${to}/stream').then(async ({ body }) => {
    for await (const part of body) process.stdout.write(part);
  })`;
  const args = ['-n', lab.namespace, 'exec', await lab.podOf(from), '--', 'node', '-e', script];
  const child: ChildProcess = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill());
  const seen = { lastAt: 0 };
  child.stdout!.on('data', () => {
    seen.lastAt = Date.now();
  });
  await eventually(() => expect(Date.now() - seen.lastAt).toBeLessThan(1_000), patient);
  return seen;
}

test('a cut stops all traffic in and out, of open connections too; undone, the policies are as they were', async () => {
  const { driver } = lab.open();
  const drill = aDrill();
  onTestFinished(() => driver.undo(drill));
  await eventually(async () => expect(await ways()).toEqual(open), patient);
  const before = await specs();
  const [inwards, outwards, past] = [
    await stream('gateway', 'of-order:8080'),
    await stream('order', 'of-customer:8080'),
    await stream('gateway', 'of-customer:8080'),
  ];

  await driver.cut(target, drill);
  await eventually(async () => expect(await ways()).toEqual(cutOff), patient);
  await eventually(() => {
    expect(Date.now() - inwards.lastAt).toBeGreaterThan(3_000);
    expect(Date.now() - outwards.lastAt).toBeGreaterThan(3_000);
  }, patient);
  expect(Date.now() - past.lastAt).toBeLessThan(1_500);
  const own = await lab.json('get', 'networkpolicy', `of-drill-${drill.id}`);
  expect(own.metadata.annotations['orderflow.io/until']).toBe(drill.until.toISOString());

  await driver.undo(drill);
  expect(await specs()).toEqual(before);
  await eventually(async () => expect(await ways()).toEqual(open), patient);
});

test('a cut that was half done is found and undone by who comes after', async () => {
  const drill = aDrill();
  const before = await specs();
  const { api } = lab.open();
  const patched: string[] = [];
  // Dies at the second policy that it changes.
  const { cut } = await import('./cut.ts');
  const networking = Object.assign(Object.create(api.networking), {
    patchNamespacedNetworkPolicy: (request: { name: string }) => {
      if (patched.length > 0) throw new Error('died');
      patched.push(request.name);
      return api.networking.patchNamespacedNetworkPolicy(request as never);
    },
  });
  await expect(cut({ ...api, networking }, 'of', target, drill)).rejects.toThrow('died');
  expect(patched).toHaveLength(1);

  const { driver: successor } = lab.open();
  expect(await successor.leftovers()).toEqual([drill.id]);
  await successor.undo(drill);
  expect(await specs()).toEqual(before);
  expect(await successor.leftovers()).toEqual([]);
});

test('without its own policy, what it did to the others is still found and undone', async () => {
  const drill = aDrill();
  const before = await specs();
  const { driver } = lab.open();
  await driver.cut(target, drill);
  await lab.kubectl('delete', 'networkpolicy', `of-drill-${drill.id}`);
  expect(await driver.leftovers()).toEqual([drill.id]);
  await driver.undo(drill);
  expect(await specs()).toEqual(before);
});

test('of a policy that somebody changed meanwhile, only what the drill did is taken back', async () => {
  const drill = aDrill();
  const { driver } = lab.open();
  await driver.cut(target, drill);
  const patch = [
    {
      op: 'add',
      path: '/spec/podSelector/matchExpressions/0',
      value: { key: 'mine', operator: 'DoesNotExist' },
    },
  ];
  await lab.kubectl('patch', 'networkpolicy', 'of-order', '--type=json', '-p', JSON.stringify(patch));
  await driver.undo(drill);
  const { spec } = await lab.json('get', 'networkpolicy', 'of-order');
  expect(spec.podSelector.matchExpressions).toEqual([{ key: 'mine', operator: 'DoesNotExist' }]);
  const remove = [{ op: 'remove', path: '/spec/podSelector/matchExpressions' }];
  await lab.kubectl('patch', 'networkpolicy', 'of-order', '--type=json', '-p', JSON.stringify(remove));
});

test('scaled back by somebody else meanwhile, the target keeps that number', async () => {
  const drill = aDrill();
  const { driver } = lab.open();
  await driver.scaleToZero(target, drill);
  await lab.kubectl('scale', 'deployment', 'of-order', '--replicas=1');
  await lab.open().driver.undo(drill);
  expect((await driver.look(target)).wanted).toBe(1);
  expect(await driver.leftovers()).toEqual([]);
  await lab.kubectl('scale', 'deployment', 'of-order', '--replicas=2');
});
