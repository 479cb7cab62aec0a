import { existsSync, lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serverAccount } from './account.ts';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import { prepareDataFolder, removeDataFolder } from './folders.ts';

const isRoot = process.getuid?.() === 0;

test('data is kept where it was asked for, private to the server’s user', () => {
  const path = join(temporaryFolder(), 'data');
  const account = serverAccount(path);
  expect(prepareDataFolder({ path, account, log: () => {} })).toBe(path);
  expect(lstatSync(path).mode & 0o777).toBe(0o700);
  expect(lstatSync(path).uid === 0).toBe(false);
});

test.runIf(isRoot)(
  'where the server’s user cannot go, a link leads to the data, and both are deleted together',
  () => {
    const secret = join(temporaryFolder(), 'private');
    mkdirSync(secret, { mode: 0o700 });
    onTestFinished(() => {
      if (existsSync(secret)) removeDataFolder(secret);
    });
    const path = join(secret, 'data');
    const notes: string[] = [];
    const prepare = () =>
      prepareDataFolder({ path, account: serverAccount(path), log: (line) => notes.push(line) });

    const folder = prepare();
    expect(folder).not.toBe(path);
    expect(readlinkSync(path)).toBe(folder);
    expect(notes).toEqual([`User 65534 cannot reach ${path}; the data is kept in ${folder}.`]);

    writeFileSync(join(folder, 'row'), '');
    expect(prepare()).toBe(folder);
    expect(existsSync(join(folder, 'row'))).toBe(true);

    removeDataFolder(secret);
    expect(existsSync(folder)).toBe(false);
  },
);
