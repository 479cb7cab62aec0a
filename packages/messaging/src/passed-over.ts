import type { Group } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import { reopen, wantedByGroup } from './catch-up-rows.ts';

/**
 * How long a replica goes by what it has read of its group's wants. A version that wants a new type starts to catch up
 * no sooner than twice this after it has written that down: by then all replicas know.
 */
export const WANTS_ARE_KNOWN_MS = 5_000;

type Options = { db: Pick<Database, 'query'>; group: Group; knownMs?: number };

/** An event of a type that this version of the group does not list. */
export type PassedOver = { producer: string; type: string; position: number | undefined };

/**
 * Looks after events that a replica passes over: in a rollout it may be an older version than one that wants them.
 * Then the group has to read them again, from the outbox. To be called before they are acknowledged.
 */
export function createPassingOver({ db, group, knownMs = WANTS_ARE_KNOWN_MS }: Options) {
  let wanted = new Set<string>();
  let knownUntil = Number.NEGATIVE_INFINITY;

  async function isWanted({ producer, type }: Omit<PassedOver, 'position'>): Promise<boolean> {
    const now = performance.now();
    if (now >= knownUntil) {
      wanted = await wantedByGroup(db, group);
      knownUntil = now + knownMs;
    }
    return wanted.has(`${producer}/${type}`) || wanted.has(`${producer}/*`);
  }

  return {
    isWanted,
    /** Notes what another version of the group wants of these events. Throws when Postgres does not answer. */
    async note(events: PassedOver[]): Promise<void> {
      const missed = new Map<string, { producer: string; type: string; after: number }>();
      for (const event of events) {
        if (!(await isWanted(event))) continue;
        const { producer, type } = event;
        const key = `${producer}/${wanted.has(`${producer}/*`) ? '*' : type}`;
        const after = (event.position ?? 1) - 1;
        const known = missed.get(key);
        missed.set(key, {
          producer,
          type: key.slice(producer.length + 1),
          after: Math.min(after, known?.after ?? after),
        });
      }
      if (missed.size > 0) await reopen(db, group, [...missed.values()]);
    },
  };
}

export type PassingOver = ReturnType<typeof createPassingOver>;
