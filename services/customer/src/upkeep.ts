import { createWaker } from '@orderflow/messaging/waker';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { forgetOver } from './operations/forget-over.ts';
import { removeDemoAccounts } from './operations/keep-demo-accounts.ts';
import { rotateKeys } from './operations/rotate-keys.ts';

type UpkeepOptions = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  rotationDays: number;
  accessSeconds: number;
  demo: boolean;
  everyMs: number;
};

/** Rotates the signing keys and forgets what is over, now and then. Every replica does; each thing is done by one. */
export function startUpkeep({ db, scope, rotationDays, accessSeconds, demo, everyMs }: UpkeepOptions) {
  const log = scope.log.child({ part: 'upkeep' });
  const loop = scope.health.watchLoop('upkeep', 60_000 + everyMs);
  const waker = createWaker();
  let stopping = false;

  async function round(): Promise<void> {
    try {
      if (await rotateKeys(db, { rotationDays, accessSeconds })) log.info('a new signing key is published');
      // Again and again: a replica that still runs in demo mode may have made them anew.
      if (!demo) await removeDemoAccounts(db, { log });
      await forgetOver(db);
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'upkeep has to wait');
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      loop.beat();
      await round();
      if (!stopping) await waker.wait(everyMs);
    }
  }

  const running = run();
  return {
    /** Finishes the round in hand. */
    async stop(): Promise<void> {
      stopping = true;
      waker.wake();
      await running;
      loop.done();
    },
  };
}
