import { fullJitter } from '@orderflow/messaging/backoff';
import type { Database } from '@orderflow/service-kit/database';
import type { AccountNews } from '../account-mail.ts';
import { type Answer, MAX_REJECTIONS } from '../domain.ts';
import type { SendingDeps } from './record-answers.ts';

/** A mail about an account that this process is to send now. */
export type AccountMailJob = AccountNews & { id: string; recipient: string; attempts: number };

// As `claimMessages` does it; see there.
const CLAIM = `
  WITH too_late AS (
    UPDATE account_mails SET next_attempt_at = now()
    WHERE status = 'PENDING' AND next_attempt_at > now() + interval '15 minutes'),
  due AS MATERIALIZED (
    SELECT id FROM account_mails WHERE status = 'PENDING' AND next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  UPDATE account_mails SET attempts = attempts + 1, next_attempt_at = now() + $2 * interval '1 millisecond'
  FROM due WHERE account_mails.id = due.id
  RETURNING account_mails.id, template, recipient, ticket, expires_at AS "expiresAt", attempts`;

/** Takes up to `limit` due mails for `leaseMs`; when that has run out they are due again. */
export const claimAccountMails = (
  db: Database,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<AccountMailJob[]> => db.query<AccountMailJob>(CLAIM, [limit, leaseMs]);

const SENT = `
  UPDATE account_mails SET status = 'SENT', last_error = NULL WHERE id = $1 AND status <> 'SENT'
  RETURNING 'sent' AS outcome`;

const REJECTED = `
  UPDATE account_mails SET rejections = rejections + 1, last_error = $2,
    status = CASE WHEN rejections + 1 < $3 THEN 'PENDING' ELSE 'FAILED' END,
    next_attempt_at = now() + $4 * interval '1 millisecond'
  WHERE id = $1 AND status = 'PENDING'
  RETURNING CASE status WHEN 'FAILED' THEN 'failed' ELSE 'rejected' END AS outcome`;

// A code that is too old helps nobody; other mails are tried for as long as those about orders.
const POSTPONE = `
  UPDATE account_mails SET last_error = $2, next_attempt_at = now() + $3 * interval '1 millisecond',
    status = CASE WHEN coalesce(expires_at, created_at + interval '5 days') > now() THEN 'PENDING' ELSE 'FAILED' END
  WHERE id = $1 AND status = 'PENDING'
  RETURNING CASE status WHEN 'FAILED' THEN 'failed' ELSE 'postponed' END AS outcome`;

/** Writes down what the mail server answered. */
export const recordAccountMail = (deps: SendingDeps, job: AccountMailJob, answer: Answer): Promise<void> =>
  move(
    deps,
    job,
    answer.accepted ? SENT : REJECTED,
    answer.accepted
      ? []
      : [answer.reason, MAX_REJECTIONS, fullJitter(job.attempts, { baseMs: 5_000, capMs: 600_000 })],
  );

/** The mail was refused for now, or nobody knows what became of it: it is sent again later, under the same id. */
export const postponeAccountMail = (deps: SendingDeps, job: AccountMailJob, error: Error): Promise<void> =>
  move(deps, job, POSTPONE, [error.message, fullJitter(job.attempts)]);

async function move(
  { db, metrics, log }: SendingDeps,
  { id, template }: AccountMailJob,
  statement: string,
  values: unknown[],
): Promise<void> {
  const [row] = await db.query<{ outcome: string }>(statement, [id, ...values]);
  if (!row) return;
  metrics.messages.inc({ channel: 'email', template, outcome: row.outcome });
  if (row.outcome === 'failed') log.error({ messageId: id, template }, 'mail about an account given up on');
}
