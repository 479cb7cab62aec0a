import { z } from 'zod';
import { phone } from './order.ts';

export const role = z.enum(['customer', 'seller', 'admin']);
export type Role = z.infer<typeof role>;

/** Where the public keys of access tokens are published (RFC 7517). */
export const JWKS_PATH = '/.well-known/jwks.json';

/** What an access token says of its bearer, beside the registered claims of RFC 7519. */
export const accessClaims = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('customer'),
    sub: z.uuid(),
    name: z.string(),
    email: z.string(),
    customer_id: z.uuid(),
  }),
  z.object({
    role: z.literal('seller'),
    sub: z.uuid(),
    name: z.string(),
    email: z.string(),
    seller_id: z.string(),
  }),
  z.object({ role: z.literal('admin'), sub: z.uuid(), name: z.string(), email: z.string() }),
]);
export type AccessClaims = z.infer<typeof accessClaims>;

const email = z.email().max(254);
const password = z.string().min(8).max(200);

/** `POST /api/auth/register`: makes a customer's account. */
export const registerBody = z.strictObject({
  name: z.string().trim().min(1).max(200),
  email,
  password,
  phone: phone.optional(),
});

export const loginBody = z.strictObject({ email, password: z.string().min(1).max(200) });

/** `POST /api/auth/refresh` and `/logout`. */
export const refreshBody = z.strictObject({ refreshToken: z.string().min(1).max(500) });

export const accountView = z.object({
  id: z.uuid(),
  role,
  name: z.string(),
  email: z.string(),
  customerId: z.uuid().nullable(),
  sellerId: z.string().nullable(),
});

export const tokensView = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  /** Seconds. */
  expiresIn: z.int(),
  /** Good for one use; its answer brings the next. */
  refreshToken: z.string(),
  account: accountView,
});
export type TokensView = z.infer<typeof tokensView>;
