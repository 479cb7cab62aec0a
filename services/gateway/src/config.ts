import { authConfig, baseConfig } from '@orderflow/service-kit/config';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });
const aMinute = z.coerce.number().int().min(1).max(100_000_000);

const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []));

export const configSchema = baseConfig.extend(authConfig.shape).extend({
  ORDER_URL: httpUrl,
  INVENTORY_URL: httpUrl,
  PAYMENT_URL: httpUrl,
  NOTIFICATION_URL: httpUrl,
  CUSTOMER_URL: httpUrl,
  AUDITOR_URL: httpUrl,
  CHAOS_CONTROLLER_URL: httpUrl,
  /** Where requests are counted, together with the other replicas. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  /** How long a service may take to begin its answer, and to go on with it. */
  PROXY_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(10_000),
  /** So many calls in a row that found a service dead or silent, and it is left alone for BREAKER_OPEN_MS. */
  BREAKER_FAILURES: z.coerce.number().int().min(1).max(1_000).default(5),
  BREAKER_OPEN_MS: z.coerce.number().int().min(100).max(60_000).default(1_000),
  /**
   * Whose X-Forwarded-* headers are believed: how many proxies stand before the gateway, or their addresses and
   * networks, as in "10.0.0.0/8, loopback". Nobody's unless told: they could be anybody's words.
   */
  TRUST_PROXY: z
    .string()
    .default('0')
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : text)),
  /** Requests a minute of one address: an office, a mobile network or a load test sends many from one. */
  RATE_LIMIT_PER_MINUTE: aMinute.default(60_000),
  /** Requests a minute of one account, from wherever. */
  RATE_LIMIT_USER_PER_MINUTE: aMinute.default(30_000),
  /** Attempts a minute of one address to log in, register or refresh: 30, and 3,000 with DEMO. */
  RATE_LIMIT_AUTH_PER_MINUTE: aMinute.optional(),
  /** Requests a minute of one account that may send a card: who tries stolen cards needs many, a buyer a few. */
  RATE_LIMIT_CARDS_PER_MINUTE: aMinute.default(30),
  /** The same of one address, whatever accounts it uses: an office buys from one. 120, and 3,000 with DEMO. */
  RATE_LIMIT_CARDS_ADDRESS_PER_MINUTE: aMinute.optional(),
  /** Web pages of other origins that may call the API, with commas between; none unless told. */
  CORS_ORIGINS: list,
});
