import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase, type Transaction } from './database.ts';
import { databaseAnswer } from './database-errors.ts';

const aDatabase = (options = {}) => testDatabase([], options);

async function withNotes() {
  const db = await aDatabase();
  await db.query('CREATE TABLE notes (text text UNIQUE)');
  const notes = async () =>
    (await db.query<{ text: string }>('SELECT text FROM notes')).map(({ text }) => text);
  return { db, notes };
}

const note = 'INSERT INTO notes VALUES ($1)';

/** A second pool of the same database, to look at the first from outside. */
function anotherPoolOf({ url }: { url: string }, log = silentLog) {
  const db = createDatabase({ url, service: 'other', log });
  onTestFinished(() => db.close());
  return db;
}

test('a transaction gives the result of its work and keeps what it wrote', async () => {
  const { db, notes } = await withNotes();
  const result = await db.transaction(async (tx) => {
    await tx.query(note, ['a']);
    expect(await notes()).toEqual([]);
    return 'done';
  });
  expect(result).toBe('done');
  expect(await notes()).toEqual(['a']);
});

test('a transaction whose work throws leaves nothing behind and throws the same error', async () => {
  const { db, notes } = await withNotes();
  const failure = new Error('changed my mind');
  const failing = db.transaction(async (tx) => {
    await tx.query(note, ['a']);
    throw failure;
  });
  await expect(failing).rejects.toBe(failure);
  expect(await notes()).toEqual([]);
  await db.transaction((tx) => tx.query(note, ['b']));
  expect(await notes()).toEqual(['b']);
});

test('a transaction whose work takes no notice of a failed statement does not pass for committed', async () => {
  const { db, notes } = await withNotes();
  let effects = 0;
  const failing = db.transaction(async (tx) => {
    await tx.query(note, ['a']);
    tx.afterCommit(() => {
      effects += 1;
    });
    await tx.query(note, ['a']).catch(() => {});
  });
  await expect(failing).rejects.toThrow('rolled back');
  expect(await notes()).toEqual([]);
  expect(effects).toBe(0);
});

test('a statement that is sent ahead of the commit is kept with the rest', async () => {
  const { db, notes } = await withNotes();
  await db.transaction(async (tx) => {
    tx.send(note, ['a']);
    await tx.query(note, ['b']);
    tx.send(note, ['c']);
  });
  expect(await notes()).toEqual(['a', 'b', 'c']);
});

test.each([
  ['alone', async () => {}],
  ['with another behind it', (tx: Transaction) => tx.query('SELECT 1')],
])(
  'a statement that was sent and failed %s rolls all back, and the error is its own',
  async (_what, then) => {
    const { db, notes } = await withNotes();
    const failing = db.transaction(async (tx) => {
      await tx.query(note, ['a']);
      tx.send(note, ['a']);
      await then(tx);
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    await db.transaction((tx) => tx.query(note, ['b']));
    expect(await notes()).toEqual(['b']);
  },
);

test('who waits for a signal is woken after the commit, once, and never by a rollback', async () => {
  const { db, notes } = await withNotes();
  const seen: string[][] = [];
  let woken = 0;
  const stop = db.onSignal('notes', () => {
    woken += 1;
    void notes().then((now) => seen.push(now));
  });
  await db.transaction(async (tx) => {
    tx.wakeAfterCommit('notes');
    tx.wakeAfterCommit('notes');
    await tx.query(note, ['a']);
    expect(woken).toBe(0);
  });
  expect(woken).toBe(1);
  await eventually(() => expect(seen).toEqual([['a']]));
  const failing = db.transaction(async (tx) => {
    tx.wakeAfterCommit('notes');
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow();
  expect(woken).toBe(1);
  stop();
  await db.transaction(async (tx) => tx.wakeAfterCommit('notes'));
  expect(woken).toBe(1);
});

test('effects for after the commit happen in their order, and not at all after a rollback', async () => {
  const db = await aDatabase();
  const effects: string[] = [];
  await db.transaction(async (tx) => {
    tx.afterCommit(() => effects.push('first'));
    tx.afterCommit(() => effects.push('second'));
    await tx.query('SELECT 1');
    expect(effects).toEqual([]);
  });
  const failing = db.transaction(async (tx) => {
    tx.afterCommit(() => effects.push('third'));
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow();
  expect(effects).toEqual(['first', 'second']);
});

test('a session that the server kills in a transaction counts as unavailable, and the next one works', async () => {
  const { db, notes } = await withNotes();
  const killed = db.transaction(async (tx) => {
    await tx.query(note, ['a']);
    const [own] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await anotherPoolOf(db).query('SELECT pg_terminate_backend($1)', [own!.pid]);
    await tx.query(note, ['b']);
  });
  const error = await killed.catch((error) => error);
  expect(error).toBeInstanceOf(Error);
  expect(databaseAnswer(error)).toBe('wait');
  for (let i = 0; i < 10; i++) expect(await notes()).toEqual([]);
});

test('a session that is killed during a statement counts as unavailable', async () => {
  const db = await aDatabase();
  const error = await db.query('SELECT pg_terminate_backend(pg_backend_pid())').catch((error) => error);
  expect(databaseAnswer(error)).toBe('wait');
});

test('idle sessions that the server kills are replaced, with a line in the log', async () => {
  const { log, lines } = testScope();
  const db = await aDatabase();
  const own = anotherPoolOf(db, log);
  await own.query('SELECT 1');
  await db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'other'");
  await eventually(() =>
    expect(lines.map((line) => line.msg)).toContain('an idle database connection broke'),
  );
  expect(await own.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a port where nobody listens and a name that nobody has count as unavailable', async () => {
  for (const host of ['127.0.0.1:9', 'localhost:9', 'nowhere.invalid:5432']) {
    const db = anotherPoolOf({ url: `postgres://nobody:nothing@${host}/nowhere` });
    const error = await db.transaction((tx) => tx.query('SELECT 1')).catch((error) => error);
    expect(databaseAnswer(error)).toBe('wait');
  }
});

test('a Unix socket whose file is gone, and one where too many wait, count as unavailable; other files do not', async () => {
  const missing = join(tmpdir(), 'orderflow-nowhere');
  const url = `postgres://nobody:nothing@127.0.0.1:9/nowhere?host=${encodeURIComponent(missing)}`;
  const error = await anotherPoolOf({ url })
    .query('SELECT 1')
    .catch((error) => error);
  expect(error.message).toBe(`connect ENOENT ${missing}/.s.PGSQL.9`);
  const full = `connect EAGAIN ${missing}/.s.PGSQL.9`;
  // As Prisma gives them.
  const byPrisma = Object.assign(new Error(`Invalid invocation:\n\n\n${full}`), { code: 'EAGAIN' });
  for (const unavailable of [error, new Error(full), byPrisma]) {
    expect(databaseAnswer(unavailable)).toBe('wait');
  }
  const unread = await readFile(missing).catch((error) => error);
  expect(unread).toMatchObject({ code: 'ENOENT' });
  expect(databaseAnswer(unread)).toBe('fail');
});

test('mistakes in statements, and errors of the work, do not count as unavailable', async () => {
  const { db } = await withNotes();
  await db.query(note, ['a']);
  const errors = await Promise.all([
    db.query('SELECT nonsense').catch((error) => error),
    db.query(note, ['a']).catch((error) => error),
    db.transaction(async () => Promise.reject(new Error('no'))).catch((error) => error),
  ]);
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    expect(databaseAnswer(error)).toBe('fail');
  }
  expect(databaseAnswer('ECONNREFUSED')).toBe('fail');
});

test('a transaction that stands still loses its session and its locks', async () => {
  const db = await aDatabase({ timeoutMs: 200 });
  await db.query('CREATE TABLE notes (text text UNIQUE)');
  const frozen = Promise.withResolvers<void>();
  const holds = Promise.withResolvers<void>();
  const holding = db.transaction(async (tx) => {
    await tx.query(note, ['a']);
    holds.resolve();
    await frozen.promise;
    await tx.query(note, ['b']);
  });
  holding.catch(() => {});
  await holds.promise;
  // Waits for the row of the frozen one, which a time-out frees.
  await eventually(() => anotherPoolOf(db).query(note, ['a']));
  frozen.resolve();
  const error = await holding.catch((error) => error);
  expect(databaseAnswer(error)).toBe('wait');
});

test('a statement that takes too long ends with an error', async () => {
  const db = await aDatabase({ timeoutMs: 100 });
  await expect(db.query('SELECT pg_sleep(10)')).rejects.toThrow('statement timeout');
});

test('bigint arrives as a number, and one that a number cannot hold is an error, not a rounding', async () => {
  const db = await aDatabase();
  const read = (n: string) => db.query(`SELECT ${n}::bigint AS n, 1.5::numeric AS other`);
  expect(await read('9007199254740991')).toEqual([{ n: Number.MAX_SAFE_INTEGER, other: '1.5' }]);
  await expect(read('9007199254740992')).rejects.toThrow(RangeError);
  expect(await read('1')).toEqual([{ n: 1, other: '1.5' }]);
});

test('a statement that is joined to a list of keys looks rows up by key, however few the table has', async () => {
  const db = await aDatabase();
  await db.query('CREATE TABLE parcels (id integer PRIMARY KEY, weight integer)');
  await db.query('INSERT INTO parcels SELECT n, 0 FROM generate_series(1, 2000) AS n');
  await db.query('ANALYZE parcels');
  const plan = await db.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN UPDATE parcels SET weight = changed.weight
     FROM json_to_recordset('[]') AS changed(id integer, weight integer) WHERE parcels.id = changed.id`,
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toContain('Index Scan using parcels_pkey');
});
