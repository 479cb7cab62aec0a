import { leaseFor, startWorker } from '@orderflow/messaging/worker';
import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Answer, Channel, Send } from './domain.ts';
import type { NotificationMetrics } from './metrics.ts';
import { claimMessages, type SendingJob } from './operations/claim-messages.ts';
import { postponeMessage } from './operations/postpone-message.ts';
import { type Answered, recordAnswers } from './operations/record-answers.ts';
import { PENDING_SIGNAL } from './operations/write-messages.ts';

type SendingOptions = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  metrics: NotificationMetrics;
  send: Record<Channel, Send>;
  /** For each channel. */
  concurrency: number;
  /** After which `send` has given up. */
  timeoutMs: number;
};

/** Sends what is pending, with a worker for each channel: when one does not get on, the other does. */
export function startSending({ db, scope, metrics, send, concurrency, timeoutMs }: SendingOptions) {
  const deps = { db, metrics, log: scope.log };
  const leaseMs = leaseFor(timeoutMs);
  // What is answered meanwhile is recorded together; nobody waits for it.
  const record = createBatcher<Answered, void>(
    async (answered) => {
      await recordAnswers(deps, answered);
      return answered.map(() => undefined);
    },
    // As many mails as are under way may wait to be recorded: longer would hold the next ones up.
    { parallel: 1, lingerMs: 50 },
  );
  const workers = (['email', 'sms'] as const).map((channel) =>
    startWorker<SendingJob, Answer>({
      name: `send-${channel}`,
      db,
      scope,
      signal: PENDING_SIGNAL,
      concurrency,
      claim: (limit) => claimMessages(db, { channel, limit, leaseMs }),
      perform: send[channel],
      record: (job, answer) => record({ job, answer }),
      postpone: (job, error) => postponeMessage(deps, job, error),
    }),
  );
  return { stop: () => Promise.all(workers.map((worker) => worker.stop())) };
}
