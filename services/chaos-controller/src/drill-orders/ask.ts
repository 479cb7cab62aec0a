import type { Client } from '@orderflow/client/client';
import { ApiError } from '@orderflow/client/errors';
import { pauseAfter } from '@orderflow/client/retries';
import { sleep } from '@orderflow/client/time';
import type { placeOrderBody } from '@orderflow/contracts/http/orders';
import type { z } from 'zod';

export type Asked = { id: string } | { refusal: string };

/** As long as a patient client repeats itself. */
export const PATIENCE_MS = 30_000;

/**
 * Asks for an order as a client should: the same again by the same key when there was no answer, and as `Retry-After`
 * says. Throws the signal's reason when that fires, and nothing else.
 */
export async function askForOrder(options: {
  client: Pick<Client, 'call'>;
  body: z.input<typeof placeOrderBody>;
  key: string;
  patienceMs: number;
  signal: AbortSignal;
  onTry: (good: boolean) => void;
}): Promise<Asked> {
  const { client, body, key, patienceMs, signal, onTry } = options;
  const giveUpAt = Date.now() + patienceMs;
  for (let tries = 1; ; tries++) {
    try {
      const { id } = await client.call('placeOrder', { body, idempotencyKey: key, retries: 0, signal });
      onTry(true);
      return { id };
    } catch (error) {
      signal.throwIfAborted();
      onTry(false);
      const pauseMs = pauseBefore(error, tries);
      if (pauseMs === undefined || Date.now() + pauseMs > giveUpAt) return { refusal: String(error) };
      await sleep(pauseMs, signal);
    }
  }
}

function pauseBefore(error: unknown, failures: number): number | undefined {
  const pauseMs = pauseAfter(error, failures);
  if (pauseMs !== undefined || !(error instanceof ApiError)) return pauseMs;
  // A key makes repeating harmless after any failure of theirs. The news of a product that was just made is still on
  // its way to those who take orders.
  const passing = error.status >= 500 || error.problem?.code === 'unknown_product';
  return passing && error.retryAfter === undefined ? 250 + Math.random() * 500 : undefined;
}
