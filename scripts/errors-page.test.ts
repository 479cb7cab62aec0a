import { access, readFile } from 'node:fs/promises';
import { sqlStates } from '@orderflow/service-kit/sql-states';
import { expect, test } from 'vitest';

const at = new URL('../docs/errors.md', import.meta.url);
const page = await readFile(at, 'utf8');

test('the page of errors has the rows of the table that the code asks, and no other', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (.+?) +\| (wait|repeat|set aside|fail) +\|/gm)];
  expect(rows.map(([, state, name, answer]) => ({ state, name, answer }))).toEqual(sqlStates);
});

test('the tests that the page of errors names exist', async () => {
  const tests = [...page.matchAll(/\]\((\.\.\/[^)]+\.test\.ts)\)/g)].map(([, path]) => path!);
  expect(tests.length).toBeGreaterThan(20);
  for (const path of tests) await access(new URL(path, at));
});
