import type { Socket } from 'node:net';
import type pg from 'pg';

/** How often a connection is looked at within its limit. */
const LOOKS = 20;

/**
 * Options of a session. A client whose machine is lost keeps its session, its locks and a place among max_connections for
 * two hours by default. Over a Unix socket they have no effect.
 */
export const FORGET_LOST_CLIENTS =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25000';

type Seen = { idle: boolean; bytesRead: number; quietLooks: number };

/**
 * Destroys the connections of a pool on which Postgres has answered nothing for `limitMs` although it was asked: what
 * waits for them fails with ETIMEDOUT, and the pool opens new ones. The idle ones go with the first of them, so that
 * nobody waits for each in turn. pg's own `query_timeout` would return the dead connection to the pool.
 *
 * It counts looks, not time: a process that was frozen finds the answers in its sockets before the second look.
 * Returns the function that ends the looking.
 */
export function dropSilentConnections(pool: pg.Pool, limitMs: number): () => void {
  const connections = new Map<pg.PoolClient, Seen>();
  pool.on('connect', (client) => {
    connections.set(client, { idle: false, bytesRead: 0, quietLooks: 0 });
    client.once('end', () => connections.delete(client));
  });
  pool.on('acquire', (client) => note(client, false));
  pool.on('release', (_error, client) => note(client, true));

  function note(client: pg.PoolClient, idle: boolean): void {
    const seen = connections.get(client);
    if (seen) seen.idle = idle;
  }

  function look(): void {
    const silent = [...connections].filter(isSilent);
    if (silent.length === 0) return;
    const idle = [...connections].filter(([, seen]) => seen.idle);
    for (const [client] of new Map([...silent, ...idle])) socketOf(client).destroy(silence(limitMs));
  }

  const timer = setInterval(look, limitMs / LOOKS).unref();
  return () => clearInterval(timer);
}

function isSilent([client, seen]: [pg.PoolClient, Seen]): boolean {
  const { bytesRead } = socketOf(client);
  const quiet = bytesRead === seen.bytesRead && isAsked(client);
  seen.bytesRead = bytesRead;
  seen.quietLooks = quiet ? seen.quietLooks + 1 : 0;
  return seen.quietLooks > LOOKS;
}

/** True when a statement has left and is not answered, or the end of the session. */
export function isAsked(client: pg.PoolClient | pg.Client): boolean {
  const { readyForQuery } = client as unknown as { readyForQuery: boolean };
  const { writableEnded, writableCorked } = socketOf(client);
  return writableEnded || (!readyForQuery && writableCorked === 0);
}

/** The socket below a client; with TLS the encrypting one. */
export const socketOf = (client: pg.PoolClient | pg.Client): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;

/** Has a code only: with more of a socket's error Prisma would give it to raw queries as an unknown one. */
export const silence = (limitMs: number): Error =>
  Object.assign(new Error(`Postgres has not answered for ${limitMs} ms; the connection is closed`), {
    code: 'ETIMEDOUT',
  });
