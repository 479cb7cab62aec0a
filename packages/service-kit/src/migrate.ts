import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import type { Logger } from './logger.ts';
import { endClient, openClient, watchSession } from './session-watch.ts';

/** Any constant will do, as long as every replica takes the same one. */
const MIGRATION_LOCK = 7_238_114;

type AppliedMigration = { migration_name: string; checksum: string };

/**
 * Applies `NAME/migration.sql` of each folder, in order of name, each in a transaction of its own, and notes
 * it in `_prisma_migrations` as `prisma migrate deploy` does. Prisma's CLI does the same but downloads an
 * engine and weighs 234 MB, too much for an init container. Replicas that start at once wait for the lock.
 * Throws when a migration that was applied has since been changed, and when the connection breaks or falls silent.
 */
export async function migrate({
  url,
  folders,
  log,
  lookEveryMs = 5_000,
}: {
  url: string;
  folders: URL[];
  log: Logger;
  /** How often a second connection looks whether Postgres still works on a statement. */
  lookEveryMs?: number;
}): Promise<void> {
  const client = openClient(url);
  await client.connect();
  let stopWatching = () => {};
  try {
    stopWatching = await watchSession(client, url, lookEveryMs);
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(`
      CREATE TABLE IF NOT EXISTS _prisma_migrations (
        id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
        migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
        started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`);
    const { rows } = await client.query<AppliedMigration>(
      'SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    for (const folder of folders) {
      for (const name of await migrationNames(folder)) {
        await applyMigration({ client, folder, name, appliedChecksum: applied.get(name), log });
      }
    }
  } finally {
    stopWatching();
    await endClient(client); // releases the lock too
  }
}

async function migrationNames(folder: URL): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

type Step = {
  client: pg.Client;
  folder: URL;
  name: string;
  appliedChecksum: string | undefined;
  log: Logger;
};

async function applyMigration({ client, folder, name, appliedChecksum, log }: Step): Promise<void> {
  const sql = await readFile(new URL(`${name}/migration.sql`, folder), 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  if (appliedChecksum === checksum) return;
  if (appliedChecksum) {
    throw new Error(
      `Migration ${name} was changed after it was applied here; put it back and add a new one.`,
    );
  }
  await client.query('BEGIN');
  await client.query(sql).catch((error: Error) => {
    throw new Error(`Migration ${name} failed: ${error.message}`, { cause: error });
  });
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, now(), 1)`,
    [randomUUID(), checksum, name],
  );
  await client.query('COMMIT');
  log.info({ migration: name }, 'migration applied');
}
