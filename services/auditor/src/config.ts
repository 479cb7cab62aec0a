import { authConfig, baseConfig, messagingConfig, unhurried } from '@orderflow/service-kit/config';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

export const configSchema = baseConfig
  .extend(messagingConfig.shape)
  .extend(authConfig.shape)
  .extend(unhurried)
  .extend({
    /** Whose dead letters people ask this service about, and whose ledgers it reads. */
    ORDER_URL: httpUrl,
    INVENTORY_URL: httpUrl,
    PAYMENT_URL: httpUrl,
    NOTIFICATION_URL: httpUrl,
    CUSTOMER_URL: httpUrl,
    /** The payment simulator. Where a real provider takes its place, what needs its ledger is not checked. */
    BANK_URL: httpUrl.optional(),
    /** The catcher of mails and SMS. With real ones, nobody can tell what arrived. */
    POSTBOX_URL: httpUrl.optional(),
    /** From the beginning of one round of checks to that of the next. */
    INVARIANT_EVERY_MS: z.coerce.number().int().min(100).max(600_000).default(5_000),
    /** How long what may still move may be under way, since it last moved. */
    INVARIANT_GRACE_MS: z.coerce.number().int().min(500).max(3_600_000).default(30_000),
    /** Orders that one step of the sweep through all of them reads. */
    INVARIANT_SWEEP_ORDERS: z.coerce.number().int().min(1).max(500).default(500),
    /** The most orders that a check on demand goes through while somebody waits for it. */
    INVARIANT_CHECK_MAX_ORDERS: z.coerce.number().int().min(1).max(1_000_000).default(20_000),
    /** Streams of live events that one process keeps open. */
    LIVE_STREAMS: z.coerce.number().int().min(1).max(100_000).default(1_000),
  });
