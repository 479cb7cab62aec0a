import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serverAccount } from './account.ts';
import { baseEnv } from './config.ts';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import {
  newTemporaryFolder,
  prepareDataFolder,
  privateFolder,
  programFolder,
  removeDataFolder,
} from './folders.ts';

const isRoot = process.getuid?.() === 0;
const modeOf = (path: string) => lstatSync(path).mode & 0o777;

/** Sets a variable of the environment until the test ends. */
function setEnv(name: string, value: string): void {
  vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

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

test('a private folder is closed to others, also one that was open', () => {
  const folder = join(temporaryFolder(), 'logs');
  expect(privateFolder(folder)).toBe(folder);
  expect(modeOf(folder)).toBe(0o700);
  chmodSync(folder, 0o777);
  privateFolder(folder);
  expect(modeOf(folder)).toBe(0o700);
});

test.runIf(isRoot)('a checkout among the temporary files keeps its mode where others may pass', () => {
  const checkout = temporaryFolder();
  chmodSync(checkout, 0o755);
  const path = join(checkout, 'data');
  prepareDataFolder({ path, account: serverAccount(path), log: () => {} });
  expect(modeOf(checkout)).toBe(0o755);
});

test('a link that a person made names its target from where it is', () => {
  const checkout = temporaryFolder();
  chmodSync(checkout, 0o755);
  const path = join(checkout, 'data');
  symlinkSync('elsewhere', path);
  const folder = prepareDataFolder({ path, account: serverAccount(path), log: () => {} });
  expect(folder).toBe(join(checkout, 'elsewhere'));
  removeDataFolder(checkout);
  expect(existsSync(folder)).toBe(false);
});

test.each(['$HOME', 'a:b', '`x`', 'say "so"', 'back\\slash'])(
  'no program is kept in a folder named %s',
  (name) => {
    const cache = join(temporaryFolder(), name);
    setEnv('XDG_CACHE_HOME', cache);
    expect(programFolder(undefined)).toBe(join(tmpdir(), `orderflow-${process.getuid?.()}`));
  },
);

test.each(['', '.', 'relative'])('the cache is in no folder of the checkout when HOME is "%s"', (home) => {
  setEnv('HOME', home);
  expect(programFolder(undefined)).toMatch(/^\//);
  expect(baseEnv().HOME).toMatch(/^\//);
});

test('without room for temporary files it says what to set', () => {
  setEnv('TMPDIR', join(temporaryFolder(), 'nowhere'));
  expect(() => newTemporaryFolder('orderflow-')).toThrow(/nowhere.*Make room there, or set TMPDIR/);
});
