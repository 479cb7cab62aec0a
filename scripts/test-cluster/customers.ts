import { createClient } from '@orderflow/client/client';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { newCustomer } from '../../e2e/accounts.ts';
import { createApi } from '../../e2e/api.ts';
import { until } from './until.ts';

/** Nobody waits for an order to be taken for longer than this. */
const PATIENCE_MS = 90_000;

type Options = { gatewayUrl: string; internalToken: string; signal: AbortSignal };
export type Card = 'pm_card_visa' | 'pm_card_chargeDeclined';

/**
 * People who order one product through the gateway: they repeat a request as its answer says, or when there is none,
 * with one idempotency key. Keeps in mind each failure that did not say when to come again.
 */
export async function findCustomers({ gatewayUrl, internalToken, signal }: Options) {
  const wait = { seconds: 60, signal };
  const mute: string[] = [];
  const listeningFetch: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (response.status >= 500 && !response.headers.has('retry-after')) {
      mute.push(`${response.status} ${init?.method} ${new URL(String(url)).pathname}`);
    }
    return response;
  };
  const clientOf = (token: string) =>
    createClient({ baseUrl: gatewayUrl, token, fetch: listeningFetch, retries: 1_000, timeoutMs: 15_000 });

  const { tokens, account } = await until(
    'an account is made',
    () => newCustomer(gatewayUrl, internalToken),
    wait,
  );
  const client = clientOf(tokens.accessToken);
  const seller = createApi(gatewayUrl, internalToken);
  const product = await until('a product is created', () => seller.createProduct(1_000_000), wait);

  return {
    /** Failures that did not say when to come again, in order. */
    mute,

    /** An order that was accepted; without a card it waits to be paid. */
    placeOrder(card?: Card): Promise<OrderView> {
      const customer = { name: 'Ada', email: account.email, phone: '+4930123456' };
      return client.call('placeOrder', {
        body: { customer, items: [{ productId: product.id, quantity: 1 }], paymentMethod: card },
        idempotencyKey: newId(),
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      });
    },

    readOrder: (id: string): Promise<OrderView> =>
      client.call('getOrder', {
        params: { id },
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      }),
  };
}

export type Customers = Awaited<ReturnType<typeof findCustomers>>;
