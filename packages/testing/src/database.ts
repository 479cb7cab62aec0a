import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type Database } from '@orderflow/service-kit/database';
import { migrate } from '@orderflow/service-kit/migrate';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { silentLog } from './scope.ts';

/** Serialises the making of templates between the workers of a run. */
const TEMPLATE_LOCK = 411;

const urlOf = (database: string): string => {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${database}`;
  return url.href;
};

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Migrates a database once for a run; each test gets a copy, which takes some ten milliseconds. */
async function templateFor(migrations: URL[]): Promise<string> {
  const template = `template_${createHash('sha256').update(migrations.join()).digest('hex').slice(0, 16)}`;
  await asAdmin(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query(
      'SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate',
      [template],
    );
    if (rowCount) return;
    await client.query(`DROP DATABASE IF EXISTS ${template}`);
    await client.query(`CREATE DATABASE ${template}`);
    await migrate({ url: urlOf(template), folders: migrations, log: silentLog });
    await client.query(`ALTER DATABASE ${template} IS_TEMPLATE true`);
  });
  return template;
}

/** An empty, migrated database of its own for the running test; its URL. Dropped when the test ends. */
export async function testDatabaseUrl(migrations: URL[]): Promise<string> {
  const template = await templateFor(migrations);
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  onTestFinished(() =>
    asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)).then(() => {}),
  );
  return urlOf(name);
}

/** The same, with an open pool that the test's end closes. */
export async function testDatabase(migrations: URL[], { timeoutMs = 5_000 } = {}) {
  const url = await testDatabaseUrl(migrations);
  const db = createDatabase({ url, service: 'test', log: silentLog, max: 8, timeoutMs });
  onTestFinished(() => db.close());
  return Object.assign(db, { url });
}

/**
 * Lets all sessions of a database read only, as those of a replica, or write again. Those that are open are ended: the
 * setting is that of the next ones.
 */
export async function setReadOnly(db: Database, readOnly: boolean): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION READ WRITE');
    const [row] = await tx.query<{ name: string }>('SELECT current_database() AS name');
    await tx.query(
      `ALTER DATABASE ${row!.name} SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}`,
    );
  });
  await asAdmin(async (client) => {
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      new URL(db.pool.options.connectionString!).pathname.slice(1),
    ]);
  });
  // A session that was ended is found out by its next use.
  for (let i = 0; i < 100; i++) {
    const [row] = await db
      .query<{ value: string }>("SELECT current_setting('default_transaction_read_only') AS value")
      .catch(() => []);
    if (row?.value === (readOnly ? 'on' : 'off')) return;
    await sleep(50);
  }
  throw new Error('the sessions of the database did not end');
}
