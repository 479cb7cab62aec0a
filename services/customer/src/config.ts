import {
  authConfig,
  baseConfig,
  mailCodeSecret,
  messagingConfig,
  unhurried,
} from '@orderflow/service-kit/config';
import { z } from 'zod';

// The address of the keys is for others: this service has them in its database.
const ownAuthConfig = authConfig.omit({ AUTH_URL: true });

export const configSchema = baseConfig
  .extend(messagingConfig.shape)
  .extend(ownAuthConfig.shape)
  .extend(unhurried)
  .extend({
    /** How long an access token is good; a session that is revoked ends for other services only with it. */
    ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(30).max(3_600).default(600),
    /** After this long a person has to log in again. */
    SESSION_DAYS: z.coerce.number().min(0.01).max(365).default(14),
    KEY_ROTATION_DAYS: z.coerce.number().min(0.1).max(365).default(30),
    MAIL_CODE_SECRET: mailCodeSecret,
    /** Passwords hashed at once: each takes a processor for a fifth of a second. */
    SCRYPT_CONCURRENCY: z.coerce.number().int().min(1).max(3).default(2),
    UPKEEP_MS: z.coerce.number().int().min(10).default(60_000),
  });
