import type { AccessClaims } from '@orderflow/contracts/auth';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { createAuth, TOKEN_ALGORITHM } from '@orderflow/service-kit/auth';
import { createOrderLinks } from '@orderflow/service-kit/order-links';
import { paymentMethodSeals } from '@orderflow/service-kit/payment-method-seals';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';

const issuer = 'https://test.example';
const audience = 'test';
const internalToken = 'the-internal-token-of-tests';
const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM, {
  crv: 'Ed25519',
  extractable: true,
});
/** The public key of these tokens. */
export const testKeys = createLocalJWKSet({
  keys: [{ ...(await exportJWK(publicKey)), kid: 'test', alg: TOKEN_ALGORITHM }],
});

/** Checks the tokens that `as` and `signToken` make: give it to `createHttpApp` or a service's `createApp`. */
export const testAuth = createAuth({ keys: testKeys, issuer, audience, internalToken });

/** Makes and takes the links to orders of tests. */
export const testOrderLinks = createOrderLinks({ secrets: ['a-secret-of-order-links-for-tests'] });

/** Seals and opens payment methods as services with the internal token of tests do. */
export const testSeals = paymentMethodSeals(internalToken);

/** A signed access token, good for an hour from now unless told otherwise. */
export function signToken(
  claims: AccessClaims,
  { expiresIn = '1h' }: { expiresIn?: string } = {},
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: 'test' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(claims.sub)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(privateKey);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Headers of a request by one of each kind: `request(app).get(path).set(await as.seller('shop'))`. */
export const as = {
  customer: async (email = 'ada@example.org', name = 'Ada') =>
    bearer(
      await signToken({ role: 'customer', sub: newId(), name, email, customer_id: customerIdOf(email) }),
    ),
  seller: async (sellerId = 'shop') =>
    bearer(
      await signToken({
        role: 'seller',
        sub: newId(),
        name: 'Seller',
        email: 's@example.org',
        seller_id: sellerId,
      }),
    ),
  admin: async () =>
    bearer(await signToken({ role: 'admin', sub: newId(), name: 'Admin', email: 'a@example.org' })),
  service: async () => bearer(internalToken),
};
