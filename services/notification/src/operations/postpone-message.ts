import { fullJitter } from '@orderflow/messaging/backoff';
import type { SendingJob } from './claim-messages.ts';
import type { SendingDeps } from './record-answers.ts';

// Mail servers keep trying for four to five days (RFC 5321, 4.5.4.1); later nobody wants the message any more.
const POSTPONE = `
  UPDATE messages SET last_error = $2, next_attempt_at = now() + $3 * interval '1 millisecond',
    status = CASE WHEN created_at > now() - interval '5 days' THEN 'PENDING' ELSE 'FAILED' END
  WHERE id = $1 AND status = 'PENDING' RETURNING status`;

/** The message was refused for now, or nobody knows what became of it: it is sent again later, under the same id. */
export async function postponeMessage(
  { db, metrics, log }: SendingDeps,
  { id, orderId, channel, template, attempts }: SendingJob,
  error: Error,
): Promise<void> {
  const [row] = await db.query<{ status: string }>(POSTPONE, [id, error.message, fullJitter(attempts)]);
  if (!row) return;
  const failed = row.status === 'FAILED';
  metrics.messages.inc({ channel, template, outcome: failed ? 'failed' : 'postponed' });
  if (failed) log.error({ messageId: id, orderId }, 'message given up on: it could not be sent for days');
}
