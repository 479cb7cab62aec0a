import { leaseFor, startWorker } from '@orderflow/messaging/worker';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { writeAccountMail } from './account-mail.ts';
import type { Answer, Send } from './domain.ts';
import type { NotificationMetrics } from './metrics.ts';
import {
  type AccountMailJob,
  claimAccountMails,
  postponeAccountMail,
  recordAccountMail,
} from './operations/move-account-mails.ts';
import { PENDING_SIGNAL } from './operations/write-messages.ts';

type Options = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  metrics: NotificationMetrics;
  send: Send;
  mailCodeSecret: string;
  /** After which `send` has given up. */
  timeoutMs: number;
};

/** Mails on their way at once: few, next to those about orders. */
const CONCURRENCY = 4;

/** Sends the mails about accounts, whose words are written now: no table holds a code. */
export function startAccountMails({ db, scope, metrics, send, mailCodeSecret, timeoutMs }: Options) {
  const deps = { db, metrics, log: scope.log };
  const leaseMs = leaseFor(timeoutMs);
  return startWorker<AccountMailJob, Answer>({
    name: 'send-account-mails',
    db,
    scope,
    signal: PENDING_SIGNAL,
    concurrency: CONCURRENCY,
    claim: (limit) => claimAccountMails(db, { limit, leaseMs }),
    perform(job) {
      const { subject, text } = writeAccountMail(job, mailCodeSecret);
      return send({ id: job.id, recipient: job.recipient, subject, body: text });
    },
    record: (job, answer) => recordAccountMail(deps, job, answer),
    postpone: (job, error) => postponeAccountMail(deps, job, error),
  });
}
