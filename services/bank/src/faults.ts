import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { BankError } from './bank-error.ts';

const rate = z.number().min(0).max(1).default(0);

/** What goes wrong on purpose, and how often. What is left out does not go wrong. */
export const faultSettings = z.strictObject({
  /** Charges that are declined although the card is good. */
  declineRate: rate,
  /** Calls that fail with 500 before anything is recorded. */
  errorRate: rate,
  /** Calls that are recorded, and then the connection breaks. */
  lostAnswerRate: rate,
  latencyMs: z.int().min(0).max(60_000).default(0),
  /** Calls are recorded and never answered. */
  hang: z.boolean().default(false),
});
export type FaultSettings = z.infer<typeof faultSettings>;

const noFaults = faultSettings.parse({});

/**
 * Faults of the calls that move money or take cards; probes, reading and the faults themselves are spared.
 * They live in this process's memory: a restarted bank is a healthy one.
 */
export function createFaults(random: () => number = Math.random) {
  let settings = noFaults;
  const hanging = new Set<Response>();
  const hits = (probability: number) => random() < probability;

  function set(next: FaultSettings): void {
    settings = next;
    // Those that hang were promised no answer; nobody should wait for one longer than the fault lasts.
    for (const res of hanging) res.destroy();
    hanging.clear();
  }

  function hang(res: Response): void {
    hanging.add(res);
    res.once('close', () => hanging.delete(res));
  }

  return {
    settings: () => settings,
    set,
    reset: () => set(noFaults),
    declines: () => hits(settings.declineRate),
    /** Answers with what `record` gives, unless a fault comes before it or after it. */
    around:
      (record: (req: Request) => Promise<object>): RequestHandler =>
      async (req, res) => {
        if (settings.latencyMs > 0) await sleep(settings.latencyMs);
        if (hits(settings.errorRate)) {
          throw new BankError(500, 'api_error', 'Something broke; nothing was recorded. Ask again.');
        }
        const answer = await record(req);
        if (settings.hang) return hang(res);
        if (hits(settings.lostAnswerRate)) return void res.destroy();
        res.json(answer);
      },
  };
}

export type Faults = ReturnType<typeof createFaults>;
