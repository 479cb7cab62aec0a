import pg from 'pg';
import { FORGET_LOST_CLIENTS, isAsked, silence, socketOf } from './database-silence.ts';

/** A connection that takes longer than this to be made, or to be closed, is given up. */
const CONNECT_MS = 5_000;

const OWN_PID = { text: 'SELECT pg_backend_pid() AS pid', query_timeout: CONNECT_MS };

const IS_WORKING =
  "SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Client' AS working FROM pg_stat_activity WHERE pid = $1";

/**
 * Destroys a connection whose statement Postgres does not work on, by the word of a second connection: for statements
 * that may take hours, which no time-out can tell from silence. Looks every `everyMs` and acts on the second such look.
 * A look that fails says nothing. Returns the function that ends the looking.
 */
export async function watchSession(client: pg.Client, url: string, everyMs: number): Promise<() => void> {
  // Asked for, because a pooler in between tells its own number when a session begins.
  const { rows } = await client.query<{ pid: number }>(OWN_PID);
  const pid = rows[0]?.pid;
  let bytesRead = -1;
  let deadLooks = 0;
  let looking = false;

  async function look(): Promise<void> {
    const socket = socketOf(client);
    const quiet = socket.bytesRead === bytesRead && isAsked(client);
    bytesRead = socket.bytesRead;
    if (!quiet) deadLooks = 0;
    else deadLooks = (await isWorking(url, pid)) ? 0 : deadLooks + 1;
    if (deadLooks >= 2) socket.destroy(silence(2 * everyMs));
  }

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch(() => {})
      .finally(() => {
        looking = false;
      });
  }, everyMs).unref();
  return () => clearInterval(timer);
}

async function isWorking(url: string, pid: number | undefined): Promise<boolean> {
  const client = openClient(url, CONNECT_MS);
  try {
    await client.connect();
    const { rows } = await client.query<{ working: boolean }>(IS_WORKING, [pid]);
    return rows[0]?.working ?? false;
  } finally {
    await endClient(client);
  }
}

/** Says goodbye to Postgres, and leaves without an answer when there is none. */
export async function endClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => socketOf(client).destroy(), CONNECT_MS);
  await client.end().finally(() => clearTimeout(timer));
}

/** A client that is not connected yet. Its statements have no limit unless `queryTimeoutMs` is given. */
export function openClient(url: string, queryTimeoutMs?: number): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: queryTimeoutMs,
    options: FORGET_LOST_CLIENTS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // A connection that breaks between two statements fails the next one; unheard, its error would end the process.
  client.on('error', () => {});
  return client;
}
