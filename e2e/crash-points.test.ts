import { producers } from '@orderflow/contracts/events';
import type { CrashPoint } from '@orderflow/messaging/crash-points';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUnderLoad, type UnderLoad } from './under-load.ts';

let run: UnderLoad;
beforeAll(async () => {
  run = await startUnderLoad();
}, 120_000);
afterAll(() => run?.system.stop(), 60_000);

const consuming = ['order', 'inventory', 'payment', 'notification', 'customer', 'auditor'];
const at = (services: readonly string[], points: CrashPoint[]) =>
  services.flatMap((service) => points.map((point): [string, CrashPoint] => [service, point]));

test.each([
  ...at(consuming, ['consumer.before-commit', 'consumer.after-commit']),
  ...at(producers, ['relay.before-publish', 'relay.after-publish']),
  ...at(['payment', 'notification'], ['worker.before-effect', 'worker.after-effect']),
])(
  '%s killed at %s under load: nothing is lost or doubled',
  async (service, point) => {
    const before = run.accepted.size;
    const diedAndCameBack = run.system.crash(service, point);
    await run.place(30);
    await diedAndCameBack();
    await run.place(5);
    await run.survived();
    await run.audited();
    expect(run.accepted.size).toBe(before + 35);
  },
  90_000,
);

test.each(['gateway', 'bank', 'postbox'])(
  '%s killed outright under load: nothing is lost or doubled',
  async (service) => {
    await run.placeDuring(async () => {
      const process = run.system.process(service);
      const { exited } = process;
      process.kill('SIGKILL');
      await exited;
      await run.system.ready(service);
    });
    await run.place(5);
    await run.survived();
    await run.audited();
  },
  90_000,
);
