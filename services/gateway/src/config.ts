import { baseConfig } from '@orderflow/service-kit/config';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

export const configSchema = baseConfig.extend({
  ORDER_URL: httpUrl,
  INVENTORY_URL: httpUrl,
  PAYMENT_URL: httpUrl,
  NOTIFICATION_URL: httpUrl,
  CUSTOMER_URL: httpUrl,
  AUDITOR_URL: httpUrl,
  /** Serves the plain aliases, which let anybody see and place orders. */
  DEMO: z
    .enum(['true', 'false'])
    .default('false')
    .transform((demo) => demo === 'true'),
  /** How long a service may take to begin its answer, and to go on with it. */
  PROXY_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(10_000),
});
