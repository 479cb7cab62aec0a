import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const rate = z.number().min(0).max(1).default(0);

/** What a mail server or an SMS gateway does on a bad day. */
export const faultsBody = z.strictObject({
  /** The share of deliveries that are refused for now: 421 or 451 over SMTP, 503 over HTTP. */
  rejectRate: rate,
  /** The share of deliveries that are stored, but whose sender never hears so. */
  lostAnswerRate: rate,
  /** How long every answer takes longer. */
  latencyMs: z.int().min(0).max(60_000).default(0),
});
export type Faults = z.infer<typeof faultsBody>;

export type Fate = 'accepted' | 'rejected' | 'answer_lost';

const none = faultsBody.parse({});

/** The faults that are set now. They last until they are set anew or the process ends. */
export function createFaults() {
  let faults: Faults = none;
  return {
    get: () => faults,
    set(value: Faults) {
      faults = value;
    },
    clear() {
      faults = none;
    },
    /** Waits as long as it takes today, and draws what becomes of one delivery. */
    async meet(): Promise<Fate> {
      const { rejectRate, lostAnswerRate, latencyMs } = faults;
      if (latencyMs > 0) await sleep(latencyMs);
      if (Math.random() < rejectRate) return 'rejected';
      return Math.random() < lostAnswerRate ? 'answer_lost' : 'accepted';
    },
  };
}

export type FaultSwitch = ReturnType<typeof createFaults>;
