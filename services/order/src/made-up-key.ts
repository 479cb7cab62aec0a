import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IdempotencyKey } from '@orderflow/messaging/idempotency';
import { ProblemError } from '@orderflow/service-kit/problem';

const MADE_UP = /^orderflow-([0-9a-f-]{36})-([\w-]{43})$/;

type Identity = Omit<IdempotencyKey, 'key'>;

/**
 * Makes up the key of a request that came without one: it holds the id of the order, so that nothing has to be stored
 * for it, and a signature for this caller, operation and body, so that nobody can ask for the order of another by it.
 */
export const madeUpKey = (secret: string, identity: Identity, orderId: string): string =>
  `orderflow-${orderId}-${signature(secret, identity, orderId).toString('base64url')}`;

/**
 * Returns the id of the order that a key names which was made up for this very request; `undefined` for a client's own
 * key. Throws `idempotency_key_reused` for one that was made up for another request.
 */
export function orderIdIn(secret: string, { key, ...identity }: IdempotencyKey): string | undefined {
  const [, orderId, signed] = MADE_UP.exec(key) ?? [];
  if (!orderId || !signed) return undefined;
  // The last release signed the address as it was spelled.
  const scopes = [identity.scope, identity.spelledScope ?? identity.scope];
  const isOurs = (scope: string) =>
    timingSafeEqual(Buffer.from(signed, 'base64url'), signature(secret, { ...identity, scope }, orderId));
  if (scopes.some(isOurs)) return orderId;
  throw new ProblemError('idempotency_key_reused', 'This key was made up for another request.');
}

const signature = (secret: string, { scope, fingerprint }: Identity, orderId: string): Buffer =>
  createHmac('sha256', secret)
    .update(JSON.stringify([scope, fingerprint, orderId]))
    .digest();
