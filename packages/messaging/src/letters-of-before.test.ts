import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import { migrate } from '@orderflow/service-kit/migrate';
import { testDatabase } from '@orderflow/testing/database';
import { silentLog } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { redriveMany } from './dead-letters.ts';
import { messagingMigrations } from './migrations.ts';

/** A database as it was before letters were in the inbox. */
async function databaseOfBefore() {
  const folder = await mkdtemp(join(tmpdir(), 'orderflow-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const all = await readdir(messagingMigrations);
  for (const name of all.filter((name) => name < '00000000000007'))
    await cp(fileURLToPath(new URL(`${name}/`, messagingMigrations)), join(folder, name), {
      recursive: true,
    });
  return testDatabase([pathToFileURL(`${folder}/`)]);
}

const LETTER = `
  INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts)
  VALUES ('payment', $1, 'orderflow:order', '1-0', '{}', 'failed', 'x', 8)`;

const DISCARDED = `
  INSERT INTO messaging.discarded_letter (id, consumer_group, key, stream, entry_id, body, reason, error, attempts,
    died_at, discard_reason, discarded_by)
  VALUES (gen_random_uuid(), 'payment', $1, 'orderflow:order', '1-0', '{}', 'failed', 'x', 8, now(), 'x', 'x')`;

const handled = async (db: Database) =>
  (await db.query<{ id: string }>('SELECT event_id AS id FROM messaging.inbox')).map(({ id }) => id).sort();

test('letters of before are in the inbox after the migration, and redriving takes back only what it put there', async () => {
  const db = await databaseOfBefore();
  const [dead, discarded, handledSince] = [newId(), newId(), newId()].sort() as [string, string, string];
  await db.query(LETTER, [dead]);
  await db.query(LETTER, ['orderflow:order/1-0']);
  await db.query(LETTER, [handledSince]);
  await db.query("INSERT INTO messaging.inbox (consumer_group, event_id) VALUES ('payment', $1)", [
    handledSince,
  ]);
  await db.query(DISCARDED, [discarded]);
  await migrate({ url: db.url, folders: [messagingMigrations], log: silentLog });
  expect(await handled(db)).toEqual([dead, discarded, handledSince]);
  expect(await redriveMany(db, { selection: { all: true } })).toHaveLength(3);
  expect(await handled(db)).toEqual([discarded, handledSince]);
});
