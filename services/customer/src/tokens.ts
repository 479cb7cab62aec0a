import { createHash, randomBytes } from 'node:crypto';
import type { TokensView } from '@orderflow/contracts/auth';
import { TOKEN_ALGORITHM } from '@orderflow/service-kit/auth';
import { SignJWT } from 'jose';
import type { Keys } from './keys.ts';
import { type AccountRow, toAccountView, toClaims } from './views.ts';

type TokenOptions = { keys: Keys; issuer: string; audience: string; accessSeconds: number };

/** Of a session that was begun or refreshed; only who logs in gets a token of the device. */
type Issued = { sessionId: string; refreshToken: string; deviceToken?: string };

/** Makes the answers that let an account in. */
export function createTokens({ keys, issuer, audience, accessSeconds }: TokenOptions) {
  return {
    /** Fetches the key first, so that nothing can fail between the use of a refresh token and its answer. */
    async signer() {
      const { kid, key } = await keys.signing();
      return async (account: AccountRow, { sessionId, ...opened }: Issued): Promise<TokensView> => ({
        accessToken: await new SignJWT(toClaims(account, sessionId))
          .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, typ: 'JWT' })
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime(`${accessSeconds}s`)
          .sign(key),
        tokenType: 'Bearer',
        expiresIn: accessSeconds,
        ...opened,
        account: toAccountView(account),
      });
    },
  };
}

export type Tokens = ReturnType<typeof createTokens>;

/** A new refresh token or token of a device: as random as a key, so that a plain hash of it is enough. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** What the database keeps of such a token. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
