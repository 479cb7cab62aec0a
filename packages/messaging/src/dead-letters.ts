import type { Database, Transaction } from '@orderflow/service-kit/database';

export type DeathReason = 'unreadable' | 'failed' | 'killed_consumer';

/** An event as it was taken over from Redis. `key` is its id, or stream/entry when it has none. */
export type Custody = { group: string; key: string; stream: string; entryId: string; body: string };

const BURY = `
  INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (consumer_group, key) DO NOTHING`;

/** Writes down that an event is given up on. Commit it before acknowledging or deleting the event elsewhere. */
export async function bury(
  tx: Pick<Transaction, 'query'>,
  { group, key, stream, entryId, body }: Custody,
  why: { reason: DeathReason; error: string; attempts: number },
): Promise<void> {
  await tx.query(BURY, [group, key, stream, entryId, body, why.reason, why.error, why.attempts]);
}

export type DeadLetter = {
  id: string;
  group: string;
  key: string;
  stream: string;
  entryId: string;
  body: string;
  reason: DeathReason;
  error: string;
  attempts: number;
  diedAt: Date;
};

/** The events a service has given up on, newest first. */
export const listDeadLetters = (db: Database, limit = 100): Promise<DeadLetter[]> =>
  db.query<DeadLetter>(
    `SELECT id, consumer_group AS group, key, stream, entry_id AS "entryId", body, reason, error, attempts,
       died_at AS "diedAt"
     FROM messaging.dead_letter ORDER BY died_at DESC LIMIT $1`,
    [limit],
  );

/**
 * Gives an event another life: it is tried again at once, with no attempts counted, by the code of today.
 * False when there is no such dead letter.
 */
export async function redrive(db: Database, id: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    const moved = await tx.query(
      `WITH dead AS (DELETE FROM messaging.dead_letter WHERE id = $1 RETURNING *)
       INSERT INTO messaging.retry (consumer_group, key, stream, entry_id, body)
       SELECT consumer_group, key, stream, entry_id, body FROM dead
       ON CONFLICT (consumer_group, key) DO UPDATE SET next_attempt_at = now(), begun = 0, ended = 0
       RETURNING 1`,
      [id],
    );
    tx.wakeAfterCommit('retry');
    return moved.length > 0;
  });
}
