import type { InvariantsView } from '@orderflow/contracts/invariants';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { apiKey, stripeServer } from '../services/payment/test/stripe-server.ts';
import { startTestSystem } from './test-system.ts';

test('with Stripe as the provider there is no bank, and payments are not compared with one', async () => {
  const stripe = await stripeServer();
  const system = await startTestSystem({
    PAYMENT_PROVIDER: 'stripe',
    STRIPE_API_KEY: apiKey,
    STRIPE_WEBHOOK_SECRET: 'whsec_orderflow',
    STRIPE_API_URL: stripe.url,
    INVARIANT_EVERY_MS: '300',
  });
  onTestFinished(() => system.stop(), 60_000);
  const { api } = system;
  const { id: product } = await api.createProduct(10);
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
  const { body: order } = await api.placeOrder(product, { paymentMethod: 'pm_card_visa' });
  await eventually(async () => expect((await api.order(order.id)).status).toBe('PAID'), {
    timeoutMs: 30_000,
  });
  expect(stripe.intents()).toMatchObject([{ amount: 2999, metadata: { orderId: order.id } }]);

  const { invariants } = await api.must<InvariantsView>('GET', '/api/invariants');
  const names = invariants.map(({ name }) => name);
  expect(names).toContain('money-is-what-orders-owe');
  expect(names.filter((name) => /bank|charge/.test(name))).toEqual([]);
  expect([...system.services.keys()]).not.toContain('bank');
}, 120_000);
