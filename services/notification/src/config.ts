import {
  authConfig,
  baseConfig,
  mailCodeSecret,
  messagingConfig,
  orderLinkSecrets,
  unhurried,
} from '@orderflow/service-kit/config';
import { z } from 'zod';

export const configSchema = baseConfig
  .extend(messagingConfig.shape)
  .extend(authConfig.shape)
  .extend(unhurried)
  .extend({
    /** The mail server, as `smtp://user:password@host:port`. */
    SMTP_URL: z.url({ protocol: /^smtps?$/ }),
    MAIL_FROM: z
      .string()
      .regex(/[^\s@<]@[^\s@>]/, 'must hold an address, as in "Shop <shop@example.org>"')
      .default('OrderFlow <no-reply@orderflow.example>'),
    MAIL_CODE_SECRET: mailCodeSecret,
    ORDER_LINK_SECRETS: orderLinkSecrets,
    /** Where people reach the gateway: links in mails begin so. */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
    /** The SMS gateway; messages go to `/sms` below it. */
    SMS_URL: z.url({ protocol: /^https?$/ }),
    /** How many messages of a channel are on their way at once. */
    SEND_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(32),
    /**
     * After this long without an answer a message is sent again. A mail server on the internet may take minutes
     * to answer and still have taken the mail (RFC 5321, 4.5.3.2.6): the shorter, the more repeated deliveries.
     */
    SEND_TIMEOUT_MS: z.coerce.number().int().min(100).default(10_000),
  });
