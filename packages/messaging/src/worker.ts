import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@orderflow/service-kit/database';
import { databaseAnswer } from '@orderflow/service-kit/database-errors';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { fullJitter } from './backoff.ts';
import { crashPoint } from './crash-points.ts';
import { createProbing } from './probing.ts';
import { createWaker } from './waker.ts';

type WorkerOptions<Job, Outcome> = {
  name: string;
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  /** Woken by commits that `wakeAfterCommit` this. */
  signal: string;
  /** How many calls to the outside are under way at once; as many outcomes at most wait to be written down. */
  concurrency: number;
  /** Takes up to `limit` due jobs for a lease: another replica gets them again when it runs out. */
  claim: (limit: number) => Promise<Job[]>;
  /** Calls the outside, with a key that makes repeating it harmless. Throws when the outcome is unknown. */
  perform: (job: Job) => Promise<Outcome>;
  /** Writes the outcome down, with its events, in one transaction. May be a batcher's, shared by many jobs. */
  record: (job: Job, outcome: Outcome) => Promise<void>;
  /** The outcome is not known: writes down when to ask again, with the same key. */
  postpone: (job: Job, error: Error) => Promise<void>;
  /**
   * How often to look for jobs that became due with time, or were committed by other replicas; and how often to
   * try an outside that answers to nothing.
   */
  pollMs?: number;
};

/** Later the lease of the job has run out, and it comes again. */
const WRITE_FOR_MS = 10_000;

/**
 * How long a claim must hold: two calls that time out one after the other, since a claimed job may wait for another
 * to end, and time to write the answers down.
 */
export const leaseFor = (timeoutMs: number): number => 2 * timeoutMs + 2_000;

/**
 * Makes the calls to the outside that transactions have asked for: charges, refunds, messages.
 * The wish is a row in Postgres, so it survives any death; a job whose answer was not written down is
 * performed again with the same key. The lease must be longer than two jobs take one after the other: a job
 * that was claimed may have to wait for another to end.
 */
export function startWorker<Job extends { id: string }, Outcome>(options: WorkerOptions<Job, Outcome>) {
  const { name, db, scope, signal, concurrency, claim, perform, record, postpone, pollMs = 500 } = options;
  const log = scope.log.child({ part: name });
  const loop = scope.health.watchLoop(name, 60_000);
  const waker = createWaker();
  const stopListening = db.onSignal(signal, waker.wake);
  /** Claimed, and not begun yet. */
  const waiting: Job[] = [];
  const probing = createProbing({ concurrency, probeEveryMs: pollMs });
  const underWay = new Set<Promise<void>>();
  let calling = 0;
  let stopping = false;
  /** The last claim was full: there may be more. Else the end of a job is no reason to look. */
  let maybeMore = false;

  async function run(job: Job): Promise<void> {
    let answered = false;
    try {
      const outcome = await call(job);
      answered = true;
      probing.answered();
      crashPoint('worker.after-effect');
      await write(job, outcome);
    } catch (error) {
      if (!answered) probing.unanswered();
      const what = answered ? 'the outcome could not be written down' : 'outcome unknown';
      log.warn(
        { job: job.id, error: (error as Error).message },
        `${what}; asking again later with the same key`,
      );
      // Without an answer from Postgres either, the lease runs out and the job comes again.
      await postpone(job, error as Error).catch((failure) =>
        log.warn({ job: job.id, error: failure.message }, 'left to its lease'),
      );
    }
  }

  /** The outcome is known: while Postgres cannot take it, it is kept in hand, rather than asking the outside again. */
  async function write(job: Job, outcome: Outcome): Promise<void> {
    const giveUpAt = performance.now() + WRITE_FOR_MS;
    for (let failures = 1; ; failures++) {
      try {
        return await record(job, outcome);
      } catch (error) {
        if (databaseAnswer(error) === 'fail' || stopping || performance.now() > giveUpAt) throw error;
        await sleep(fullJitter(failures, { baseMs: 50, capMs: 1_000 }));
      }
    }
  }

  /** The outside works on the next job while the outcome of this one is written down, with others. */
  async function call(job: Job): Promise<Outcome> {
    calling += 1;
    try {
      crashPoint('worker.before-effect');
      return await perform(job);
    } finally {
      calling -= 1;
      goOn();
    }
  }

  function goOn(): void {
    startWaiting();
    if (waiting.length === 0 && maybeMore) waker.wake();
  }

  function startWaiting(): void {
    while (calling < concurrency && underWay.size < 2 * concurrency) {
      const job = waiting.shift();
      if (!job) return;
      const running = run(job).finally(() => {
        underWay.delete(running);
        goOn();
      });
      underWay.add(running);
    }
  }

  async function loopUntilStopped(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      loop.beat();
      try {
        // Many at a time, and again only when all of them have begun: a claim is a commit.
        if (waiting.length === 0) {
          const limit = probing.limit(underWay.size);
          const jobs = limit > 0 ? await claim(limit) : [];
          maybeMore = jobs.length >= limit;
          waiting.push(...jobs);
          startWaiting();
        }
        failures = 0;
        await waker.wait(pollMs);
      } catch (error) {
        failures += 1;
        if (databaseAnswer(error) === 'fail') log.error({ error }, 'claiming jobs failed');
        await waker.wait(fullJitter(failures, { baseMs: 100, capMs: 2_000 }));
      }
    }
  }

  const running = loopUntilStopped();
  return {
    /** Claims no more jobs and finishes those it has. */
    async stop(): Promise<void> {
      stopping = true;
      stopListening();
      waker.wake();
      await running;
      while (underWay.size > 0) await Promise.all(underWay);
      loop.done();
    },
  };
}
