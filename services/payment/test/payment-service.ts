import type { Event } from '@orderflow/contracts/events';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { handleOnce } from '@orderflow/messaging/inbox';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { testAuth, testOrderLinks, testSeals } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import { onTestFinished } from 'vitest';
import { listeningBank } from '../../bank/test/bank.ts';
import { createApp } from '../src/app.ts';
import { createBankProvider } from '../src/bank-provider.ts';
import { createHandlers } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createPaymentMetrics, type PaymentMetrics } from '../src/metrics.ts';
import { callProvider, claimCalls, recordAnswers } from '../src/operations/provider-calls.ts';
import type { PaymentProvider } from '../src/provider.ts';
import { startProviderWorker } from '../src/provider-worker.ts';
import { openStripe } from '../src/stripe-client.ts';
import { createStripeProvider } from '../src/stripe-provider.ts';
import type { StripeWebhook } from '../src/stripe-webhook.ts';
import { apiKey, stripeServer } from './stripe-server.ts';

const migrations = new URL('../prisma/migrations/', import.meta.url);

export const total = { amount: 2999, currency: 'EUR' };

/** Of Ada, at the shop: those whom `as.customer()` and `as.seller()` stand for. */
export const confirmed = (
  orderId: string,
  paymentMethod: string | null = 'pm_card_visa',
  { email = 'ada@example.org', sellerId = 'shop', amount = total.amount } = {},
) =>
  anEvent('order.confirmed', {
    orderId,
    customerId: customerIdOf(email),
    sellerId,
    total: { ...total, amount },
    paymentMethod,
    expiresAt: new Date().toISOString(),
  });

/** The same with a method of the customer's: what the order service tells, in this order. */
export function confirmedWith(
  paymentMethod: string,
  { orderId = newId(), ...whose }: { orderId?: string; email?: string; sellerId?: string } = {},
) {
  const event = confirmed(orderId, null, whose);
  const { customerId, sellerId, total } = event.data;
  const sealedMethod = testSeals.seal(paymentMethod, orderId);
  return [
    { ...event, data: { ...event.data, chargedAtOnce: true } },
    anEvent('order.charge-requested', { orderId, customerId, sellerId, total, sealedMethod }),
  ] as const;
}

export const cancelled = (orderId: string) =>
  anEvent('order.cancelled', { orderId, reason: 'cancelled_by_customer' });

/** The service in parts: its app, handlers and workers on a database of their own, with a real bank behind HTTP. */
export async function paymentService({ timeoutMs = 5_000 } = {}) {
  const bank = await listeningBank();
  const provider = createBankProvider({ url: bank.url, timeoutMs, connections: 8 });
  const bankRowsOf = (orderId: string) =>
    bank.db.query<{ kind: string; status: string; amount: number }>(
      'SELECT kind, status, amount FROM ledger WHERE reference = $1 ORDER BY position',
      [orderId],
    );
  return { ...(await serviceWith(provider, { timeoutMs })), bank, bankRowsOf };
}

export const webhookSecret = 'whsec_orderflow_test';

/** The same with Stripe, and with its webhook. */
export async function stripePaymentService({ timeoutMs = 5_000 } = {}) {
  const server = await stripeServer();
  const client = openStripe({ apiKey, url: server.url, timeoutMs, connections: 8 });
  const { stripe } = client;
  const service = await serviceWith(createStripeProvider(client), {
    timeoutMs,
    webhookOf: ({ countWebhook: count }) => ({ stripe, secret: webhookSecret, count }),
  });
  return { ...service, server, stripe };
}

async function serviceWith(
  provider: PaymentProvider,
  { timeoutMs, webhookOf }: { timeoutMs: number; webhookOf?: (metrics: PaymentMetrics) => StripeWebhook },
) {
  onTestFinished(() => provider.close());
  const db = await testDatabase([messagingMigrations, migrations]);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const scope = testScope();
  const webhook = webhookOf?.(createPaymentMetrics(scope.metrics));

  const handlers = createHandlers({ openMethod: testSeals.open });
  const handle = (...events: Event[]) => handleOnce({ db, group: 'payment', handlers }, events);

  /** Another replica's worker. */
  function work(options: { concurrency?: number } = {}) {
    const own = testScope();
    const metrics = createPaymentMetrics(own.metrics);
    const worker = startProviderWorker({
      db,
      scope,
      provider,
      metrics,
      timeoutMs,
      concurrency: 8,
      ...options,
    });
    onTestFinished(() => worker.stop());
    return { ...worker, registry: own.metrics.registry };
  }

  /** One round of calls, up to where the process dies; what it holds is due again at once. */
  async function workUntil(end: 'claimed' | 'answered' | 'recorded'): Promise<void> {
    const calls = await claimCalls(db, 100, 0);
    if (end === 'claimed') return;
    const answers = await Promise.all(
      calls.map(async (call) => ({ call, answer: await callProvider(provider, call) })),
    );
    if (end === 'recorded') await recordAnswers(db, answers);
  }

  const paymentOf = (orderId: string) => prisma.payment.findUnique({ where: { orderId } });

  const eventsOf = async (orderId: string) => {
    const rows = await db.query<{ envelope: Event }>(
      'SELECT envelope FROM messaging.outbox WHERE subject = $1 ORDER BY position',
      [orderId],
    );
    return rows.map(({ envelope }) => envelope);
  };

  /** An order whose payment is due. */
  async function dueOrder(whose: { email?: string; sellerId?: string } = {}): Promise<string> {
    const orderId = newId();
    await handle(confirmed(orderId, null, whose));
    return orderId;
  }

  return {
    app: createApp({
      scope,
      db,
      redis: testRedis().redis,
      prisma,
      provider,
      webhook,
      auth: testAuth,
      links: testOrderLinks,
    }),
    db,
    scope,
    provider,
    handle,
    work,
    workUntil,
    paymentOf,
    eventsOf,
    dueOrder,
  };
}
