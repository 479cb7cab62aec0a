import type { Database } from '@orderflow/service-kit/database';
import type { Channel, Outgoing } from '../domain.ts';

/** A message that this process is to send now, and what its event needs. */
export type SendingJob = Outgoing & {
  orderId: string;
  channel: Channel;
  template: string;
  attempts: number;
  eventId: string;
  correlationId: string;
  traceparent: string | null;
};

// Materialized: a join could look for due rows anew for each row, and lock more than the limit. No message waits for as
// long as 15 minutes: what waits longer was put off while the clock was ahead, and is due at the next claim.
const CLAIM = `
  WITH too_late AS (
    UPDATE messages SET next_attempt_at = now()
    WHERE status = 'PENDING' AND channel = $1 AND next_attempt_at > now() + interval '15 minutes'),
  due AS MATERIALIZED (
    SELECT id FROM messages WHERE status = 'PENDING' AND channel = $1 AND next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  UPDATE messages SET attempts = attempts + 1, next_attempt_at = now() + $3 * interval '1 millisecond'
  FROM due WHERE messages.id = due.id
  RETURNING messages.id, order_id AS "orderId", channel, template, recipient, subject, body, attempts,
    event_id AS "eventId", correlation_id AS "correlationId", traceparent`;

/** Takes up to `limit` due messages of a channel for `leaseMs`; when that has run out they are due again. */
export const claimMessages = (
  db: Database,
  { channel, limit, leaseMs }: { channel: Channel; limit: number; leaseMs: number },
): Promise<SendingJob[]> => db.query<SendingJob>(CLAIM, [channel, limit, leaseMs]);
