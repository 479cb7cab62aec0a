import type { PublicKey } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import { TOKEN_ALGORITHM } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { exportJWK, generateKeyPair } from 'jose';
import { PUBLISHED_AHEAD_MS } from '../domain.ts';

/** Any constant will do, as long as every replica takes the same one. */
const ROTATION_LOCK = 4_220_931;

/** For clocks that differ, and lists of keys that a replica keeps for a moment. */
const MARGIN_SECONDS = 300;

type Rotation = { rotationDays: number; accessSeconds: number };

/**
 * Makes a signing key when there is none, or none young enough; the older ones stay published until their last
 * tokens are over. Replicas that see the need at the same moment make one key. Gives whether this one did.
 */
export async function rotateKeys(db: Database, { rotationDays, accessSeconds }: Rotation): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [ROTATION_LOCK]);
    const young = await tx.query(
      'SELECT kid FROM signing_keys WHERE created_at > now() - make_interval(secs => $1)',
      [rotationDays * 86_400],
    );
    if (young.length > 0) return false;
    await tx.query(
      'UPDATE signing_keys SET retires_at = now() + make_interval(secs => $1) WHERE retires_at IS NULL',
      [PUBLISHED_AHEAD_MS / 1000 + accessSeconds + MARGIN_SECONDS],
    );
    const { kid, privateJwk, publicJwk } = await newKey();
    await tx.query('INSERT INTO signing_keys (kid, private_jwk, public_jwk) VALUES ($1, $2, $3)', [
      kid,
      privateJwk,
      publicJwk,
    ]);
    return true;
  });
}

async function newKey() {
  const { privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
  const kid = newId();
  const { d, x } = await exportJWK(privateKey);
  const curve = { kty: 'OKP', crv: 'Ed25519', x: x!, kid, alg: TOKEN_ALGORITHM } as const;
  return { kid, privateJwk: { ...curve, d }, publicJwk: { ...curve, use: 'sig' } satisfies PublicKey };
}
