import { openMessaging } from '@orderflow/messaging/open';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { createOrderLinks } from '@orderflow/service-kit/order-links';
import { paymentMethodSeals } from '@orderflow/service-kit/payment-method-seals';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp, type Deps } from './app.ts';
import { createBankProvider } from './bank-provider.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createPaymentMetrics } from './metrics.ts';
import { startProviderWorker } from './provider-worker.ts';
import { openStripe } from './stripe-client.ts';
import { createStripeProvider } from './stripe-provider.ts';

const config = readConfig(configSchema);

await runService({ service: 'payment', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createPaymentMetrics(scope.metrics);
  const { PROVIDER_CONCURRENCY: concurrency, PROVIDER_TIMEOUT_MS: timeoutMs } = config;
  const { provider, webhook } = openProvider();
  scope.onStop('provider', provider.close);
  messaging.publishOutbox('payment');
  const links = createOrderLinks({ secrets: config.ORDER_LINK_SECRETS });
  const app = createApp({ scope, db, redis, prisma, provider, webhook, auth: authFrom(config), links });
  scope.onStop('http', http.serve(app));
  const worker = startProviderWorker({ db, scope, provider, metrics, concurrency, timeoutMs });
  scope.onStop('provider worker', worker.stop);
  const { open: openMethod } = paymentMethodSeals(config.INTERNAL_TOKEN);
  messaging.consume('payment', createHandlers({ openMethod }));

  function openProvider(): Pick<Deps, 'provider' | 'webhook'> {
    const connections = concurrency + 4; // what customers wait for need not wait for charges
    switch (config.PAYMENT_PROVIDER) {
      case 'bank':
        return { provider: createBankProvider({ url: config.BANK_URL, timeoutMs, connections }) };
      case 'stripe': {
        const { STRIPE_API_KEY: apiKey, STRIPE_API_URL: url, STRIPE_WEBHOOK_SECRET: secret } = config;
        const client = openStripe({ apiKey, url, timeoutMs, connections });
        return {
          provider: createStripeProvider(client),
          webhook: { stripe: client.stripe, secret, count: metrics.countWebhook },
        };
      }
      default:
        return config satisfies never;
    }
  }
});
