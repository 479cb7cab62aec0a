import { createHash, randomUUID } from 'node:crypto';
import { createDatabase } from '@orderflow/service-kit/database';
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
