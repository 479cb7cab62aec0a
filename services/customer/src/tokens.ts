import { createHash, randomBytes } from 'node:crypto';
import type { TokensView } from '@orderflow/contracts/auth';
import { TOKEN_ALGORITHM } from '@orderflow/service-kit/auth';
import { SignJWT } from 'jose';
import type { Keys } from './keys.ts';
import { type AccountRow, toAccountView, toClaims } from './views.ts';

type TokenOptions = { keys: Keys; issuer: string; audience: string; accessSeconds: number };

/** Makes the answers that let an account in. */
export function createTokens({ keys, issuer, audience, accessSeconds }: TokenOptions) {
  return {
    /** Fetches the key first, so that nothing can fail between the use of a refresh token and its answer. */
    async signer() {
      const { kid, key } = await keys.signing();
      return async (account: AccountRow, refreshToken: string): Promise<TokensView> => ({
        accessToken: await new SignJWT(toClaims(account))
          .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, typ: 'JWT' })
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime(`${accessSeconds}s`)
          .sign(key),
        tokenType: 'Bearer',
        expiresIn: accessSeconds,
        refreshToken,
        account: toAccountView(account),
      });
    },
  };
}

export type Tokens = ReturnType<typeof createTokens>;

/** A new refresh token: as random as a key, so that a plain hash of it is enough. */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');

/** What the database keeps of a refresh token. */
export const hashOf = (refreshToken: string): string =>
  createHash('sha256').update(refreshToken).digest('base64url');
