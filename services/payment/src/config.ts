import { baseConfig, messagingConfig } from '@orderflow/service-kit/config';
import { z } from 'zod';

export const configSchema = baseConfig.extend(messagingConfig.shape).extend({
  /** The payment provider: the bank simulator. */
  BANK_URL: z.url({ protocol: /^https?$/ }),
  /** Calls of the provider at once, by this replica. */
  PROVIDER_CONCURRENCY: z.coerce.number().int().min(1).max(500).default(32),
  /** After this long without an answer the outcome is unknown, and the provider is asked again with the same key. */
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(100).max(120_000).default(10_000),
});
