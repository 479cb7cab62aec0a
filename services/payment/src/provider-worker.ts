import { leaseFor, startWorker } from '@orderflow/messaging/worker';
import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { PaymentMetrics } from './metrics.ts';
import { PROVIDER_CALLS } from './operations/move-payments.ts';
import {
  callProvider,
  claimCalls,
  oldestUnknownAge,
  type ProviderCall,
  postponeCall,
  recordAnswers,
} from './operations/provider-calls.ts';
import type { PaymentProvider, ProviderAnswer } from './provider.ts';

type Options = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  provider: PaymentProvider;
  metrics: PaymentMetrics;
  concurrency: number;
  /** After which the provider has given up. */
  timeoutMs: number;
};

const MEASURE_EVERY_MS = 5_000;

/** Asks the provider for the charges and refunds that are due: the only place where money moves. */
export function startProviderWorker({ db, scope, provider, metrics, concurrency, timeoutMs }: Options) {
  const record = createBatcher(
    async (answers: { call: ProviderCall; answer: ProviderAnswer }[]) => {
      await recordAnswers(db, answers);
      return answers.map(() => undefined);
    },
    // Calls are claimed together, so their answers come one close behind the other.
    { parallel: 1, lingerMs: 10 },
  );

  async function perform(call: ProviderCall): Promise<ProviderAnswer> {
    const start = performance.now();
    const count = (outcome: ProviderAnswer['status'] | 'unknown') =>
      metrics.countCall(call, outcome, (performance.now() - start) / 1000);
    try {
      const answer = await callProvider(provider, call);
      count(answer.status);
      return answer;
    } catch (error) {
      count('unknown');
      throw error;
    }
  }

  const measuring = setInterval(() => {
    oldestUnknownAge(db)
      .then((age) => metrics.oldestUnknown.set(age))
      .catch((error) => scope.log.debug({ error: error.message }, 'cannot measure unknown outcomes now'));
  }, MEASURE_EVERY_MS);
  measuring.unref();

  const worker = startWorker({
    name: 'provider worker',
    db,
    scope,
    signal: PROVIDER_CALLS,
    concurrency,
    claim: (limit) => claimCalls(db, limit, leaseFor(timeoutMs)),
    perform,
    record: (call, answer) => record({ call, answer }),
    postpone: (call) => postponeCall(db, call),
  });
  return {
    /** Makes no more calls and waits for the answers of those under way. */
    async stop(): Promise<void> {
      clearInterval(measuring);
      await worker.stop();
    },
  };
}
