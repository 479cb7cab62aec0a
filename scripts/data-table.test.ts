import { readdirSync, readFileSync } from 'node:fs';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { testDatabase } from '@orderflow/testing/database';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const services = readdirSync(new URL('services/', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => readdirSync(new URL(`services/${name}/`, root)).includes('prisma'));

/** The part of the page under the heading that names `service`. */
function partOf(service: string): string {
  const page = readFileSync(new URL('docs/data.md', root), 'utf8');
  const parts = page.split('\n## ');
  return (
    parts.find((part) =>
      part
        .split('\n', 1)[0]!
        .match(/[\w-]+/g)!
        .includes(service),
    ) ?? ''
  );
}

/** Tables that the first column of a part names. */
const named = (part: string) =>
  part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) =>
      line
        .split('|')[1]!
        .match(/`\w+`/g)!
        .map((name) => name.slice(1, -1)),
    );

const TABLES = `
  SELECT schemaname AS schema, tablename AS name FROM pg_tables
  WHERE schemaname IN ('public', 'messaging') AND tablename <> '_prisma_migrations'`;

test.each(services)('docs/data.md says of each table of %s how long its rows are kept', async (service) => {
  const db = await testDatabase([
    messagingMigrations,
    new URL(`services/${service}/prisma/migrations/`, root),
  ]);
  const tables = await db.query<{ schema: string; name: string }>(TABLES);
  const of = (schema: string) => tables.filter((table) => table.schema === schema).map(({ name }) => name);
  expect(named(partOf(service))).toEqual(expect.arrayContaining(of('public')));
  expect(named(partOf('every')).sort()).toEqual(of('messaging').sort());
});
