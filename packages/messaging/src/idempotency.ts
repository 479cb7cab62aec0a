import { createHash } from 'node:crypto';
import { newId } from '@orderflow/contracts/ids';
import { actorName, actorOf } from '@orderflow/service-kit/auth';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import { OutcomeUnknownError } from '@orderflow/service-kit/database-errors';
import { outcomeUnknown } from '@orderflow/service-kit/database-problem';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Request, Response } from 'express';
import { KEPT_MS } from './forget-old-rows.ts';
import { untilKnown } from './until-known.ts';

/** An answer to a request, as it is kept for those that repeat it. */
export type Reply = { status: number; body?: unknown; headers?: Record<string, string> };

export type IdempotencyKey = {
  /** Who asks, and for which operation: two customers may use one key, and one customer may for two operations. */
  scope: string;
  /** The same by the address as it is spelled, where that is another one: replicas of the last release ask for it. */
  spelledScope?: string;
  key: string;
  /** Of the body: a repeated request has the same. */
  fingerprint: string;
};

/** What became of a key: its request is to be done now, was answered before, or is refused. */
export type Claim = 'fresh' | Reply | ProblemError;

const KEPT = `interval '${KEPT_MS.idempotency_key} milliseconds'`;

/**
 * The `Idempotency-Key` of a request, bare as with Stripe or quoted as in the IETF draft; undefined without one.
 * Throws `invalid_request` on one that is empty, too long or not plain. `operation` as for `identityOf`.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function idempotencyKeyOf(req: Request, operation?: string): IdempotencyKey | undefined {
  const header = req.get('idempotency-key');
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new ProblemError(
      'invalid_request',
      'Idempotency-Key must be 1 to 255 visible characters of ASCII.',
    );
  }
  return { ...identityOf(req, operation), key };
}

/**
 * Who asks, and for what: the rest of a request's key. Addresses that do the same thing name it as their `operation`;
 * without it a route is one of its own.
 */
export function identityOf(req: Request, operation = routeOf(req)): Omit<IdempotencyKey, 'key'> {
  const actor = actorOf(req);
  const who = actor ? actorName(actor) : 'guest';
  const scope = `${who} ${operation}`;
  const spelledScope = `${who} ${req.method} ${req.path}`;
  const fingerprint = createHash('sha256').update(canonical(req.body)).digest('base64url');
  return { scope, fingerprint, ...(spelledScope !== scope && { spelledScope }) };
}

/** `POST /api/orders/ID/cancel`, also of an address in capitals or with a slash at its end. */
function routeOf({ method, route, params }: Request): string {
  const path = String(route.path).replace(/:(\w+)/g, (_, name: string) => inLowerCase(String(params[name])));
  return `${method} ${path}`;
}

const inLowerCase = (id: string) => (/^[\da-f-]{36}$/i.test(id) ? id.toLowerCase() : id);

const scopesOf = ({ scope, spelledScope }: IdempotencyKey): string[] =>
  spelledScope === undefined ? [scope] : [scope, spelledScope];

const LOCK = `
  SELECT pg_try_advisory_xact_lock(hashtextextended(scope || ' ' || key, 0)) AS mine
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(scope, key, n) ORDER BY n`;

const STORED = `
  SELECT scope, key, fingerprint, status, headers, body FROM messaging.idempotency_key
  WHERE (scope, key) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND created_at > now() - ${KEPT}`;

type StoredRow = IdempotencyKey & { status: number; headers: Record<string, string>; body: unknown };

/**
 * Takes keys for the rest of this transaction, in which their effects and `storeReplies` follow. A key whose first
 * request is still running, here or in another replica, is refused rather than waited for.
 */
export async function claimKeys(tx: Transaction, keys: IdempotencyKey[]): Promise<Claim[]> {
  if (keys.length === 0) return [];
  const names = keys.map((key) => scopesOf(key).map((scope) => ({ scope, key: key.key })));
  const columns = [names.flat().map(({ scope }) => scope), names.flat().map(({ key }) => key)];
  const locks = await tx.query<{ mine: boolean }>(LOCK, columns);
  const others = new Set(
    names
      .flat()
      .filter((_, i) => !locks[i]!.mine)
      .map(nameOf),
  );
  // A statement of its own: its snapshot has what the holders of the locks before us have committed.
  const stored = await tx.query<StoredRow>(STORED, columns);
  const answers = new Map(stored.map((row) => [nameOf(row), row]));
  const taken = new Set<string>();
  return keys.map((key, i) => {
    const own = names[i]!.map(nameOf);
    const answer = own.map((name) => answers.get(name)).find((row) => row !== undefined);
    if (answer) return replyOf(answer, key);
    if (own.some((name) => others.has(name) || taken.has(name))) {
      return new ProblemError(
        'request_in_progress',
        'Wait for its answer, or send the same again in a second.',
        {
          retryAfter: 1,
        },
      );
    }
    for (const name of own) taken.add(name);
    return 'fresh';
  });
}

const STORE = `
  INSERT INTO messaging.idempotency_key (scope, key, fingerprint, status, headers, body)
  SELECT scope, key, fingerprint, status, coalesce(headers, '{}'), body
  FROM json_to_recordset($1) AS answer(scope text, key text, fingerprint text, status smallint, headers json, body json)
  ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    headers = excluded.headers, body = excluded.body, created_at = now()`;

/** Keeps the answers to keys that `claimKeys` found fresh, in the same transaction. */
export function storeReplies(tx: Transaction, answers: { key: IdempotencyKey; reply: Reply }[]): void {
  if (answers.length === 0) return;
  const rows = answers.flatMap(({ key, reply }) =>
    scopesOf(key).map((scope) => ({ scope, key: key.key, fingerprint: key.fingerprint, ...reply })),
  );
  tx.send(STORE, [JSON.stringify(rows)]);
}

/**
 * Does `work` once for each Idempotency-Key, in one transaction with the answer it gives; a repeated request gets
 * that answer. A request without a key gets one that is made up. What `work` throws is not kept: nothing happened.
 *
 * When the connection breaks during the commit, the same is done again with the same key, which finds out whether it was
 * committed. Throws `outcome_unknown`, which names the key, when that cannot be found out within some seconds.
 */
export async function answerOnce(
  db: Database,
  req: Request,
  work: (tx: Transaction) => Promise<Reply>,
): Promise<Reply> {
  const key = idempotencyKeyOf(req) ?? { ...identityOf(req), key: newId() };
  const once = () =>
    db.transaction(async (tx) => {
      const [claim] = await claimKeys(tx, [key]);
      if (claim instanceof ProblemError) throw claim;
      if (claim !== 'fresh') return claim!;
      const reply = await work(tx);
      storeReplies(tx, [{ key, reply }]);
      return reply;
    });
  return untilKnown(once).catch((error) => {
    throw withKey(error, key.key);
  });
}

/** Names the key with which a request whose outcome is unknown can be sent again; returns other errors as they are. */
export const withKey = (error: unknown, idempotencyKey: string): unknown =>
  error instanceof OutcomeUnknownError ? outcomeUnknown({ idempotencyKey, cause: error }) : error;

/** Sends a reply, the first one or one that was kept. */
export function send(res: Response, { status, headers = {}, body }: Reply): void {
  res.status(status).set(headers);
  if (body === undefined || body === null) res.end();
  else res.json(body);
}

const nameOf = ({ scope, key }: { scope: string; key: string }) => `${scope} ${key}`;

function replyOf({ fingerprint, status, headers, body }: StoredRow, key: IdempotencyKey): Claim {
  if (fingerprint !== key.fingerprint) {
    return new ProblemError('idempotency_key_reused', 'Use a new key for a new request.');
  }
  return { status, headers: { ...headers, 'idempotent-replayed': 'true' }, body };
}

/** The same text for the same JSON, in whatever order its fields came. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, child: unknown) =>
    typeof child === 'object' && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  );
}
