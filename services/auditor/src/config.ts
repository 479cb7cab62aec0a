import { authConfig, baseConfig, lingerMs, messagingConfig } from '@orderflow/service-kit/config';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

export const configSchema = baseConfig
  .extend(messagingConfig.shape)
  .extend(authConfig.shape)
  .extend({
    // Nobody waits for what this service makes of an event.
    LINGER_MS: lingerMs.default(100),
    /** Whose dead letters people ask this service about. */
    ORDER_URL: httpUrl,
    INVENTORY_URL: httpUrl,
    PAYMENT_URL: httpUrl,
    NOTIFICATION_URL: httpUrl,
    CUSTOMER_URL: httpUrl,
    /** Streams of live events that one process keeps open. */
    LIVE_STREAMS: z.coerce.number().int().min(1).max(100_000).default(1_000),
  });
