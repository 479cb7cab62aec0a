import { z } from 'zod';
import { pageQuery } from './http/page.ts';
import { personName, phone } from './order.ts';
import * as text from './text.ts';

export const role = z.enum(['customer', 'seller', 'admin']);
export type Role = z.infer<typeof role>;

/** Where the public keys of access tokens are published (RFC 7517). */
export const JWKS_PATH = '/.well-known/jwks.json';

/** Where the customer service tells its own parts which sessions were ended. The gateway does not lead there. */
export const ENDED_SESSIONS_PATH = '/internal/ended-sessions';
export const endedSessionsView = z.object({ sessions: z.array(z.string()) });

/** The session, by which a token is refused once that was ended. Tokens of the release before have none. */
const sid = z.uuid().optional();

/** What an access token says of its bearer, beside the registered claims of RFC 7519. */
export const accessClaims = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('customer'),
    sub: z.uuid(),
    name: z.string(),
    email: z.string(),
    customer_id: z.uuid(),
    sid,
  }),
  z.object({
    role: z.literal('seller'),
    sub: z.uuid(),
    name: z.string(),
    email: z.string(),
    seller_id: z.string(),
    sid,
  }),
  z.object({ role: z.literal('admin'), sub: z.uuid(), name: z.string(), email: z.string(), sid }),
]);
export type AccessClaims = z.infer<typeof accessClaims>;

/** Letters of either case name the same account. */
const email = text.email.toLowerCase();
const password = z.string().min(8).max(200);

/** `POST /api/auth/register`: asks for a customer's account. */
export const registerBody = z.strictObject({
  name: personName,
  email,
  password,
  phone: phone.optional(),
});

/** The mails about accounts. */
export const accountMail = z.enum([
  'verify-email',
  'already-registered',
  'reset-password',
  'password-changed',
]);
export type AccountMail = z.infer<typeof accountMail>;

/** The answer to each registration, whether or not the address has an account. */
export const registeredView = z.object({ message: z.string() });

/** A code from a mail. Dashes, spaces and the case of letters do not matter. */
const code = text.line(40);

/** `POST /api/auth/verify-email`: the password of the registration, and the code that its address got. */
export const verifyEmailBody = z.strictObject({ email, password: z.string().min(1).max(200), code });

export const loginBody = z.strictObject({
  email,
  password: z.string().min(1).max(200),
  /** From an earlier log-in on this device: while others guess the password it is not made to wait with them. */
  deviceToken: z.string().min(1).max(500).optional(),
});

/** `POST /api/auth/refresh` and `/logout`. */
export const refreshBody = z.strictObject({ refreshToken: z.string().min(1).max(500) });

const who = { name: personName, email, password };

/**
 * `POST /api/accounts`, for admins and the internal token: the way to a seller's or an admin's account, which
 * nobody can register for. The first admin of an installation is made with the internal token
 * (`Authorization: Bearer $INTERNAL_TOKEN`); that admin makes the others, and the sellers, with their own.
 * As a customer's it gives an account to somebody whose record was made by hand.
 */
export const createAccountBody = z
  .discriminatedUnion('role', [
    z.strictObject({ role: z.literal('customer'), ...who, phone: phone.optional() }),
    z.strictObject({
      role: z.literal('seller'),
      ...who,
      sellerId: text.line(254).describe('Whose products and orders the account may see and move'),
    }),
    z.strictObject({ role: z.literal('admin'), ...who }),
  ])
  .describe(
    'Makes an account of any role; for admins and the internal token only. An installation gets its first admin ' +
      'by sending this once with "Authorization: Bearer $INTERNAL_TOKEN"; that admin makes the sellers, each with ' +
      'the sellerId that their products carry.',
  );

export const accountView = z.object({
  id: z.uuid(),
  role,
  name: z.string(),
  email: z.string(),
  customerId: z.uuid().nullable(),
  sellerId: z.string().nullable(),
});
export type AccountView = z.infer<typeof accountView>;

export const tokensView = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  /** Seconds. */
  expiresIn: z.int(),
  /** Good for one use; its answer brings the next. */
  refreshToken: z.string(),
  /** Of who has just logged in: to be kept on the device, also after a logout, and sent with its next log-in. */
  deviceToken: z.string().optional(),
  account: accountView,
});
export type TokensView = z.infer<typeof tokensView>;

/** A public key as `JWKS_PATH` publishes it (RFC 8037): no private part has a place in it. */
export const publicKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
});
export type PublicKey = z.infer<typeof publicKey>;

/** `GET /.well-known/jwks.json`. */
export const jwksView = z.object({ keys: z.array(publicKey) });

/** `POST /api/auth/password-reset`. */
export const requestPasswordResetBody = z.strictObject({ email });
/** `POST /api/auth/password-reset/confirm`. */
export const resetPasswordBody = z.strictObject({ email, code, password });
/** `POST /api/auth/password`. */
export const changePasswordBody = z.strictObject({
  currentPassword: z.string().min(1).max(200),
  newPassword: password,
});

/** A session of the account that asks. */
export const sessionView = z.object({
  id: z.uuid(),
  /** What the device calls itself: the `User-Agent` of the log-in. */
  device: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** When its tokens were last renewed; some minutes before the last request. */
  lastUsedAt: z.iso.datetime(),
  /** Whether it is the one that asks. */
  current: z.boolean(),
});
export type SessionView = z.infer<typeof sessionView>;

/** An account as admins see it. */
export const listedAccountView = accountView.extend({
  createdAt: z.iso.datetime(),
  disabledAt: z.iso.datetime().nullable(),
  disabledReason: z.string().nullable(),
});
export type ListedAccountView = z.infer<typeof listedAccountView>;

export const listAccountsQuery = pageQuery.extend({ email: email.optional() });

/** `PUT /api/accounts/{id}/access`. */
export const accountAccessBody = z.strictObject({ enabled: z.boolean(), reason: text.line(500).optional() });
