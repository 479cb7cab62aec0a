import { authConfig, baseConfig, messagingConfig } from '@orderflow/service-kit/config';
import { z } from 'zod';

const thirtyDays = 30 * 24 * 60 * 60;

export const configSchema = baseConfig
  .extend(authConfig.shape)
  .extend(messagingConfig.shape)
  .extend({
    /** How long items are held for an order that is not paid; a fraction is fine. */
    RESERVATION_TTL_SECONDS: z.coerce.number().positive().max(thirtyDays).default(1_800),
    /** How often to look for holds that have run out. */
    EXPIRY_CHECK_MS: z.coerce.number().int().min(10).max(60_000).default(1_000),
  });
