import { withDeadline } from '@orderflow/service-kit/deadline';
import { Pool } from 'undici';
import { z } from 'zod';
import type { PaymentProvider } from './provider.ts';

const chargeAnswer = z.discriminatedUnion('status', [
  z.object({ id: z.string(), status: z.literal('succeeded') }),
  z.object({
    id: z.string(),
    status: z.literal('declined'),
    declineCode: z.string(),
    declineMessage: z.string(),
  }),
]);
const refundAnswer = z.object({ id: z.string(), status: z.literal('succeeded') });
const paymentMethodAnswer = z.object({ id: z.string() });
const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The statuses by which the bank says for certain that it did nothing and, asked the same, never will. */
const refusals = new Set([402, 404, 409, 422]);
/** The key was used for something else, so that what came of it is not known. */
const KEY_REUSED = 'idempotency_key_reused';

type Refused = { refused: { code: string; message: string } };

/** The bank simulator as payment provider, over connections that are kept open. */
export function createBankProvider({
  url,
  timeoutMs,
  connections,
}: {
  url: string;
  timeoutMs: number;
  connections: number;
}): PaymentProvider {
  const pool = new Pool(url, {
    connections,
    connect: { timeout: Math.min(timeoutMs, 3_000) },
    // Idle connections may be dead, whatever the server says of how long it keeps them.
    keepAliveMaxTimeout: 4_000,
  });

  async function post<T extends z.ZodType>(
    path: string,
    { body, key, answer }: { body: object; key?: string; answer: T },
  ): Promise<{ answer: z.infer<T> } | Refused> {
    const { status, text } = await withDeadline(timeoutMs, async (signal) => {
      const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) };
      const request = { method: 'POST', path, headers, body: JSON.stringify(body), signal } as const;
      const response = await pool.request(request);
      return { status: response.statusCode, text: await response.body.text() };
    });
    if (status === 200) return { answer: answer.parse(JSON.parse(text)) };
    if (refusals.has(status)) return { refused: refusal.parse(JSON.parse(text)).error };
    throw new Error(`the bank answered ${status}`);
  }

  return {
    async charge({ key, amount: { amount, currency }, paymentMethod, reference }) {
      const body = { amount, currency, paymentMethod, reference };
      const result = await post('/v1/charges', { body, key, answer: chargeAnswer });
      if ('refused' in result) {
        const status = result.refused.code === KEY_REUSED ? 'blocked' : 'declined';
        return { status, ...result.refused };
      }
      const { answer } = result;
      return answer.status === 'succeeded'
        ? { status: 'captured', reference: answer.id }
        : { status: 'declined', code: answer.declineCode, message: answer.declineMessage };
    },

    async refund({ key, charge, amount: { amount }, reference }) {
      const body = { charge, amount, reference };
      const result = await post('/v1/refunds', { body, key, answer: refundAnswer });
      if ('refused' in result) return { status: 'blocked', ...result.refused };
      return { status: 'refunded', reference: result.answer.id };
    },

    async createPaymentMethod(card) {
      const result = await post('/v1/payment_methods', { body: { card }, answer: paymentMethodAnswer });
      return 'refused' in result
        ? { status: 'refused', ...result.refused }
        : { status: 'accepted', paymentMethod: result.answer.id };
    },

    close: () => pool.close(),
  };
}
