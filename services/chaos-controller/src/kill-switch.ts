import type { Database } from '@orderflow/service-kit/database';
import type { Driver, KillSwitch } from './driver.ts';

/** A drill may take our own database away; what was read shortly before holds for so long. */
const KEPT_KNOWN_MS = 60_000;
/** The same for the switch outside: one slow answer is no reason to stop. */
const OUTSIDE_KNOWN_MS = 10_000;

const READ = 'SELECT engaged, reason FROM kill_switch';
const WRITE = `
  INSERT INTO kill_switch (id, engaged, reason, changed_by) VALUES (1, $1, $2, $3)
  ON CONFLICT (id) DO UPDATE SET engaged = excluded.engaged, reason = excluded.reason,
    changed_by = excluded.changed_by, changed_at = now()`;

type Options = { db: Database; driver: Pick<Driver, 'killSwitch'>; now?: () => number };

/** The switch of the API and the one outside, taken together: one that is engaged, or cannot be read, is enough. */
export function createKillSwitch({ db, driver, now = () => performance.now() }: Options) {
  const kept = lastKnown(KEPT_KNOWN_MS, now, async (): Promise<KillSwitch> => {
    const [row] = await db.query<{ engaged: boolean; reason: string }>(READ);
    return { engaged: row?.engaged ?? false, reason: row?.reason ?? 'It was never engaged.', by: 'rest' };
  });
  const outside = lastKnown(OUTSIDE_KNOWN_MS, now, () => driver.killSwitch());

  return {
    /** Never throws. */
    async read(): Promise<KillSwitch> {
      const switches = await Promise.all([kept.read(), outside.read()]);
      return switches.find(({ engaged }) => engaged) ?? switches[0];
    },
    async set({ engaged, reason, by }: { engaged: boolean; reason: string; by: string }): Promise<void> {
      await db.query(WRITE, [engaged, reason, by]);
      kept.know({ engaged, reason, by: 'rest' });
    },
  };
}

export type KillSwitches = ReturnType<typeof createKillSwitch>;

/** How long an answer is waited for before what was known must do. */
const PATIENCE_MS = 1_000;

function lastKnown(forMs: number, now: () => number, read: () => Promise<KillSwitch>) {
  let known: { value: KillSwitch; at: number } | undefined;
  let changes = 0;
  let reading: Promise<void> | undefined;

  function refresh(): Promise<void> {
    const before = changes;
    reading ??= read()
      // An answer that was under way while the switch was set is an old one.
      .then((value) => {
        if (before === changes) known = { value, at: now() };
      })
      .catch((error: Error) => {
        if (known && now() - known.at <= forMs) return;
        const reason = `The kill switch could not be read: ${error.message}`;
        known = { value: { engaged: true, reason, by: 'unreadable' }, at: -Infinity };
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  const unreadable: KillSwitch = {
    engaged: true,
    reason: 'The kill switch gives no answer.',
    by: 'unreadable',
  };

  return {
    async read(): Promise<KillSwitch> {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PATIENCE_MS);
      });
      await Promise.race([refresh(), patience]);
      clearTimeout(timer);
      if (!known) return unreadable;
      const stale = now() - known.at > forMs && !known.value.engaged;
      return stale ? unreadable : known.value;
    },
    know(value: KillSwitch): void {
      changes += 1;
      known = { value, at: now() };
    },
  };
}
