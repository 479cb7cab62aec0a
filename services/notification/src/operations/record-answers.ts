import { fullJitter } from '@orderflow/messaging/backoff';
import { appendToOutbox, type Draft } from '@orderflow/messaging/outbox';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import { type Answer, MAX_REJECTIONS } from '../domain.ts';
import type { NotificationMetrics } from '../metrics.ts';
import type { SendingJob } from './claim-messages.ts';

export type Answered = { job: SendingJob; answer: Answer };

export type SendingDeps = { db: Database; metrics: NotificationMetrics; log: Logger };

// Only what was not SENT yet is told of: after a lease ran out, two replicas may have sent the same message.
const SENT = `
  WITH locked AS MATERIALIZED (
    SELECT id FROM messages WHERE id = ANY($1::uuid[]) AND status <> 'SENT' ORDER BY id FOR UPDATE)
  UPDATE messages SET status = 'SENT', sent_at = now(), last_error = NULL
  FROM locked WHERE messages.id = locked.id
  RETURNING messages.id`;

const REJECTED = `
  UPDATE messages SET rejections = rejections + 1, last_error = rejected.reason,
    status = CASE WHEN rejections + 1 < $2 THEN 'PENDING' ELSE 'FAILED' END,
    next_attempt_at = now() + rejected."waitMs" * interval '1 millisecond'
  FROM json_to_recordset($1) AS rejected(id uuid, reason text, "waitMs" integer)
  WHERE messages.id = rejected.id AND status = 'PENDING'
  RETURNING messages.id, status`;

/** Writes down what the outside answered to some messages: SENT with the event that says so, or the rejection. */
export async function recordAnswers({ db, metrics, log }: SendingDeps, answered: Answered[]): Promise<void> {
  const outcomes = await db.transaction(async (tx) => [
    ...(await recordSent(tx, answered)),
    ...(await recordRejected(tx, answered)),
  ]);
  for (const { job, outcome } of outcomes) {
    metrics.messages.inc({ channel: job.channel, template: job.template, outcome });
    if (outcome === 'failed')
      log.error({ messageId: job.id, orderId: job.orderId }, 'message rejected for good');
  }
}

async function recordSent(tx: Transaction, answered: Answered[]) {
  const ids = answered.filter(({ answer }) => answer.accepted).map(({ job }) => job.id);
  if (ids.length === 0) return [];
  const sent = new Set((await tx.query<{ id: string }>(SENT, [ids])).map(({ id }) => id));
  const jobs = answered.map(({ job }) => job).filter(({ id }) => sent.delete(id));
  appendToOutbox(tx, jobs.map(sentEvent));
  return jobs.map((job) => ({ job, outcome: 'sent' }));
}

const sentEvent = ({ id, orderId, channel, template, attempts, ...job }: SendingJob): Draft => ({
  type: 'notification.sent',
  subject: id,
  sequence: 1,
  orderId,
  data: { orderId, messageId: id, channel, template },
  cause: {
    correlationId: job.correlationId,
    causationId: job.eventId,
    traceparent: job.traceparent ?? undefined,
    attempt: attempts,
    actor: 'system:notification',
  },
});

async function recordRejected(tx: Transaction, answered: Answered[]) {
  const rejected = answered.flatMap(({ job, answer }) =>
    answer.accepted
      ? []
      : {
          id: job.id,
          reason: answer.reason,
          waitMs: fullJitter(job.attempts, { baseMs: 5_000, capMs: 600_000 }),
        },
  );
  if (rejected.length === 0) return [];
  const rows = await tx.query<{ id: string; status: string }>(REJECTED, [
    JSON.stringify(rejected),
    MAX_REJECTIONS,
  ]);
  const jobs = new Map(answered.map(({ job }) => [job.id, job]));
  return rows.map(({ id, status }) => ({
    job: jobs.get(id)!,
    outcome: status === 'FAILED' ? 'failed' : 'rejected',
  }));
}
