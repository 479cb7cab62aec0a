import { chmodSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import { keptSecret } from './secrets.ts';

test('a secret is made once, and only its owner can read it', () => {
  const file = join(temporaryFolder(), 'token');
  const secret = keptSecret(file);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(keptSecret(file)).toBe(secret);
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['empty', ''],
  ['full of zeros', '\0'.repeat(43)],
])('a file that is %s is no secret: a new one takes its place', (_what, content) => {
  const file = join(temporaryFolder(), 'token');
  writeFileSync(file, content);
  const secret = keptSecret(file);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(keptSecret(file)).toBe(secret);
});

test('a secret that others could read is closed to them', () => {
  const file = join(temporaryFolder(), 'token');
  const secret = keptSecret(file);
  chmodSync(file, 0o644);
  expect(keptSecret(file)).toBe(secret);
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
});

test('what was left of a secret that was not written to its end is not used', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'token');
  writeFileSync(`${file}.new`, 'half a sec');
  expect(keptSecret(file)).toMatch(/^[\w-]{43}$/);
  expect(readdirSync(folder)).toEqual(['token']);
});
