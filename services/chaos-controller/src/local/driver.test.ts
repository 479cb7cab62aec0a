import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { fakeCheckout, fakeSpec } from '@orderflow/local-runtime/fixtures/fake-checkout';
import { type System, startSystem } from '@orderflow/local-runtime/system';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDriver } from '../../test/driver-contract.ts';
import { Refusal } from '../driver.ts';
import { createLocalDriver } from './driver.ts';

let system: System;
let supervisorUrl: string;
const root = mkdtempSync(join(tmpdir(), 'orderflow-driver-'));

beforeAll(async () => {
  const specs = [fakeSpec('order'), fakeSpec('chaos-controller', { mayControl: true })];
  const checkout = await fakeCheckout({ specs, root });
  system = await startSystem({ ...checkout, log: () => {}, onProgress: () => {} });
  supervisorUrl = `http://127.0.0.1:${checkout.ports.supervisor}`;
}, 60_000);

afterAll(async () => {
  await system?.stop();
  rmSync(root, { recursive: true, force: true });
}, 60_000);

const newDriver = (turnMs = 600) => {
  const { log, lines } = testScope();
  const driver = createLocalDriver({ url: supervisorUrl, token: system.controlToken, log, turnMs });
  return { driver, lines };
};

const handleOf = {
  order: () => system.services.get('order')!,
  redis: () => system.redis!,
  postgres: () => system.postgres,
};

/** A world around one process of the running system. */
function worldOf(name: keyof typeof handleOf, target: DrillTarget) {
  const { driver } = newDriver();
  return {
    driver,
    successor: newDriver().driver,
    target,
    async replace() {
      const handle = handleOf[name]();
      await handle.stop();
      if ('start' in handle) handle.start();
      else await handle.restart();
    },
    isCut: async () => {
      const { instances } = await driver.look(target);
      return instances.length === 1 && instances[0]?.ready === false && (await isSilent(name));
    },
    turnMs: 600,
    patienceMs: 20_000,
  };
}

async function isSilent(name: string): Promise<boolean> {
  const url = system.urls[name];
  if (!url) return true;
  return fetch(url, { signal: AbortSignal.timeout(300) }).then(
    () => false,
    () => true,
  );
}

testDriver('a service', () => worldOf('order', { kind: 'service', service: 'order' }));
testDriver('Redis', () => worldOf('redis', { kind: 'redis' }));

const postgres: DrillTarget = { kind: 'postgres', service: 'order' };

test.each(['delete', 'crash'] as const)('%s of Postgres ends it, and it comes back', async (how) => {
  const { driver } = newDriver();
  const ready = () =>
    eventually(
      async () => {
        const { instances } = await driver.look(postgres);
        expect(instances).toMatchObject([{ name: 'postgres', ready: true }]);
        return instances[0]!;
      },
      { timeoutMs: 20_000 },
    );
  const before = await ready();
  expect(await driver.remove(before, how)).toEqual({ outcome: 'removed' });
  await eventually(async () => expect((await ready()).uid).not.toBe(before.uid), { timeoutMs: 20_000 });
});

const aDrill = (forMs = 60_000) => ({ id: randomUUID(), until: new Date(Date.now() + forMs) });

test('Postgres cannot be cut off on one machine, and the driver says what can be done instead', async () => {
  const { driver } = newDriver();
  const drill = aDrill();
  await expect(driver.cut(postgres, drill)).rejects.toThrow(/many processes.*Use crash/);
  await expect(driver.cut(postgres, drill)).rejects.toBeInstanceOf(Refusal);
  expect(await driver.leftovers()).toEqual([]);
});

test('the gateway has no Postgres, and what does not run here has no instance', async () => {
  const { driver } = newDriver();
  const none = { namespace: 'local', instances: [], wanted: 0, disruptionsAllowed: null };
  expect(await driver.look({ kind: 'postgres', service: 'gateway' })).toEqual(none);
  expect(await driver.look({ kind: 'service', service: 'payment' })).toEqual(none);
  const drill = aDrill();
  await expect(driver.scaleToZero({ kind: 'service', service: 'payment' }, drill)).rejects.toThrow(
    'There is no process payment',
  );
});

test('the one that runs the drills is refused', async () => {
  const { driver } = newDriver();
  const uid = system.services.get('chaos-controller')!.uid!;
  expect(await driver.remove({ name: 'chaos-controller', uid }, 'crash')).toMatchObject({
    outcome: 'refused',
    why: expect.stringContaining('no drill may touch it'),
  });
  expect(system.services.get('chaos-controller')!.uid).toBe(uid);
});

test.each(['cut', 'scaleToZero'] as const)('a %s that nobody undoes is undone at its end', async (fault) => {
  const { driver } = newDriver();
  const target: DrillTarget = { kind: 'service', service: 'order' };
  await driver[fault](target, aDrill(500));
  await eventually(async () => expect((await driver.look(target)).instances[0]?.ready).not.toBe(true));
  await eventually(async () => expect((await driver.look(target)).instances[0]?.ready).toBe(true));
  expect(await driver.leftovers()).toEqual([]);
});

test('two drills do not have one process in their hands', async () => {
  const { driver } = newDriver();
  const target: DrillTarget = { kind: 'service', service: 'order' };
  const first = aDrill();
  await driver.cut(target, first);
  await expect(driver.scaleToZero(target, aDrill())).rejects.toThrow(`of drill ${first.id}`);
  await driver.undo(first);
});

test('without the token nothing is shown or done', async () => {
  const { log } = testScope();
  const stranger = createLocalDriver({ url: supervisorUrl, token: 'guessed', log });
  await expect(stranger.look({ kind: 'redis' })).rejects.toThrow('401');
  const uid = system.redis!.uid!;
  await expect(stranger.remove({ name: 'redis', uid }, 'crash')).rejects.toThrow('401');
  expect(system.redis!.uid).toBe(uid);
});

test('what is told goes into the log, with the drill and the instance', async () => {
  const { driver, lines } = newDriver();
  const about = { drill: { id: 'd1', name: 'order-crash' }, instance: { name: 'order', uid: '1-2' } };
  await driver.tell(about, { type: 'Warning', reason: 'Aborted', message: 'It was aborted.' });
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 40,
      msg: 'It was aborted.',
      drill: 'd1',
      instance: 'order',
      reason: 'Aborted',
    }),
  );
});
