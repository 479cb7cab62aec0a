import { EventEmitter } from 'node:events';
import pg from 'pg';
import { isLostAnswer, OutcomeUnknownError } from './database-errors.ts';
import { dropSilentConnections, FORGET_LOST_CLIENTS, socketOf } from './database-silence.ts';
import type { Logger } from './logger.ts';

export type Row = Record<string, unknown>;

/** Runs one statement. Statements are constant text, prepared once per connection. */
export type Query = <T extends object = Row>(text: string, values?: unknown[]) => Promise<T[]>;

export type Transaction = {
  query: Query;
  /**
   * Sends a statement whose rows nobody needs, and does not wait for it: what comes behind, the commit at last, is sent
   * in the same flight. When it fails nothing is committed, and the transaction throws its error.
   */
  send: (text: string, values?: unknown[]) => void;
  /**
   * Wakes those in this process who wait for `signal`, once this transaction has committed.
   * Postgres's own NOTIFY would do it for all processes, but takes one lock for every commit of the database.
   */
  wakeAfterCommit: (signal: string) => void;
  /** Calls `effect` once this transaction has committed: for counters, which no rollback takes back. */
  afterCommit: (effect: () => void) => void;
  log: Logger;
};

type DatabaseOptions = {
  url: string;
  service: string;
  log: Logger;
  /** Connections. */
  max?: number;
  /** A statement, and a transaction that stands still, end after this long. */
  timeoutMs?: number;
};

// Statements look a few rows up by key, often joined to a JSON list whose length the planner guesses at 100. By that
// guess it reads the whole of a table of some thousand rows, for each event; a look-up for each row never costs that.
const PLAN_BY_KEY = '-c enable_hashjoin=off -c enable_mergejoin=off -c random_page_cost=1.1';

/** For the answer to a statement that Postgres has ended, to come through on a busy machine. */
const SILENCE_MARGIN_MS = 2_000;

/** A pool with the settings that pg leaves open: bounded waits everywhere. */
export function createDatabase({ url, service, log, max = 10, timeoutMs = 10_000 }: DatabaseOptions) {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: service,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Statements go out without waiting for the answers to those before them, see `send`.
    pipeline: true,
    options: `${PLAN_BY_KEY} ${FORGET_LOST_CLIENTS}`,
    statement_timeout: timeoutMs,
    // A consumer that was frozen in a transaction must not keep its locks when another takes over.
    idle_in_transaction_session_timeout: timeoutMs,
    types: { getTypeParser },
  });
  // An idle connection that breaks is replaced on the next use; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle database connection broke'));
  // A connection can also break between two listeners of the pool or of a query, as when it is released.
  pool.on('connect', (client) => client.on('error', () => {}));
  // Postgres itself ends a statement, and a transaction that stands still, in time: who says nothing for longer is lost.
  const stopLooking = dropSilentConnections(pool, timeoutMs + SILENCE_MARGIN_MS);
  const signals = new EventEmitter().setMaxListeners(100);

  const query: Query = async (text, values = []) => (await pool.query(prepared(text, values))).rows;

  /**
   * Runs `work` in one transaction and returns its result, or rolls back and throws its error. Throws
   * OutcomeUnknownError when the connection breaks between COMMIT and its answer.
   */
  async function transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    const woken = new Set<string>();
    const effects: (() => void)[] = [];
    const sent: Promise<unknown>[] = [];
    const flight = createFlight(client);
    const send = (statement: string | pg.QueryConfig) => {
      flight.hold();
      const answer = client.query(statement);
      answer.catch(() => {}); // is looked at when the transaction ends
      sent.push(answer);
    };
    let result: T;
    let broken: Error | undefined;
    try {
      send('BEGIN');
      result = await work({
        query: async (text, values = []) => (await flight.end(client.query(prepared(text, values)))).rows,
        send: (text, values = []) => send(prepared(text, values)),
        wakeAfterCommit: (signal) => woken.add(signal),
        afterCommit: (effect) => effects.push(effect),
        log,
      });
      await committed(flight.end(client.query('COMMIT')), sent);
    } catch (error) {
      if (error instanceof OutcomeUnknownError) {
        broken = error;
        throw error;
      }
      await flight.end(client.query('ROLLBACK')).catch((failure) => {
        broken = failure;
      });
      // A statement behind it failed only because it had.
      for (const answer of sent) await answer;
      throw error;
    } finally {
      client.release(broken);
    }
    for (const effect of effects) effect();
    for (const signal of woken) signals.emit(signal);
    return result;
  }

  return {
    pool,
    query,
    transaction,
    /** Calls `listener` after each commit that woke `signal`; gives the function that ends it. */
    onSignal(signal: string, listener: () => void) {
      signals.on(signal, listener);
      return () => void signals.off(signal, listener);
    },
    close: () => pool.end().finally(stopLooking),
  };
}

export type Database = ReturnType<typeof createDatabase>;

/** Waits for the answers to COMMIT and to what was sent before it. Throws when the transaction is not committed. */
async function committed(commit: Promise<pg.QueryResult>, sent: Promise<unknown>[]): Promise<void> {
  const answers = await Promise.allSettled([...sent, commit]);
  const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []));
  if (errors[0]) throw errors.find((error) => !isLostAnswer(error)) ?? new OutcomeUnknownError(errors[0]);
  // Postgres answers so when a statement failed, also when `work` took no notice of that.
  const { command } = await commit;
  if (command === 'ROLLBACK') throw new Error('rolled back, because a statement of it failed');
}

/** Keeps back what is sent until somebody waits for an answer: it then leaves together, in one call of the system. */
function createFlight(client: pg.PoolClient) {
  const stream = socketOf(client);
  let held = false;
  return {
    hold() {
      if (!held) stream.cork();
      held = true;
    },
    end<T>(answer: T): T {
      if (held) stream.uncork();
      held = false;
      return answer;
    },
  };
}

const statementNames = new Map<string, string>();

function prepared(text: string, values: unknown[]) {
  let name = statementNames.get(text);
  if (!name) {
    name = `s${statementNames.size}`;
    statementNames.set(text, name);
  }
  return { name, text, values };
}

const INT8 = 20;

// Money and counters are bigint in Postgres and safe integers here; a larger one is a bug, not a rounding.
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === INT8
    ? toSafeInteger
    : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser;

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`${text} is beyond the integers that JSON can carry`);
  return value;
}
