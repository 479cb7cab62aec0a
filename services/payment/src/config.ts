import { authConfig, baseConfig, messagingConfig, orderLinkSecrets } from '@orderflow/service-kit/config';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

/** Who moves the money, and what it takes to ask them. */
const providerConfig = z.discriminatedUnion('PAYMENT_PROVIDER', [
  z.object({
    /** The bank simulator. */
    PAYMENT_PROVIDER: z.literal('bank'),
    BANK_URL: httpUrl,
  }),
  z.object({
    PAYMENT_PROVIDER: z.literal('stripe'),
    /** A secret or restricted key: `sk_…` or `rk_…`. */
    STRIPE_API_KEY: z.string().regex(/^[sr]k_/, 'must be a secret key of Stripe such as sk_test_…'),
    /** Of the webhook that points to `/api/payments/webhooks/stripe`: `whsec_…`. */
    STRIPE_WEBHOOK_SECRET: z.string().regex(/^whsec_/, 'must be the signing secret of the webhook, whsec_…'),
    /** Another address than Stripe's own, such as that of stripe-mock. */
    STRIPE_API_URL: httpUrl.default('https://api.stripe.com'),
  }),
]);

export const configSchema = baseConfig
  .extend(messagingConfig.shape)
  .extend(authConfig.shape)
  .extend({
    ORDER_LINK_SECRETS: orderLinkSecrets,
    /** Calls of the provider at once, by this replica. */
    PROVIDER_CONCURRENCY: z.coerce.number().int().min(1).max(500).default(32),
    /** After this long without an answer the outcome is unknown, and the provider is asked again with the same key. */
    PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(100).max(120_000).default(10_000),
  })
  .and(z.preprocess((env) => ({ PAYMENT_PROVIDER: 'bank', ...(env as NodeJS.ProcessEnv) }), providerConfig));
