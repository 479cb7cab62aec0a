import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';

const fakeNpm = `
const fs = require('node:fs');
if (process.env.NPM_FAILS) { console.error('npm error code EUSAGE'); process.exit(1); }
fs.appendFileSync('npm-calls', process.argv.slice(2, 3) + ' ');
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/prisma/build', { recursive: true });
fs.copyFileSync('fake-prisma.js', 'node_modules/prisma/build/index.js');
`;
const fakePrisma = `
const fs = require('node:fs');
fs.appendFileSync('../../prisma-calls', require('node:path').basename(process.cwd()) + ' ');
fs.mkdirSync('src/generated/prisma', { recursive: true });
fs.writeFileSync('src/generated/prisma/client.ts', '');
`;

/** A checkout with two services with schemas, and stand-ins for npm and Prisma that note how they were called. */
function checkout() {
  const root = mkdtempSync(join(tmpdir(), 'orderflow-install-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const write = (file: string, content: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  };
  const calls = (file: string) =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trim().split(' ') : [];
  cpSync(import.meta.dirname, join(root, 'scripts'), { recursive: true });
  write('package.json', '{}');
  write('package-lock.json', '{}');
  write('fake-npm.js', fakeNpm);
  write('fake-prisma.js', fakePrisma);
  for (const service of ['order', 'payment']) write(`services/${service}/prisma/schema.prisma`, service);

  const install = async (env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [join(root, 'scripts/install.mjs')], {
      env: { PATH: '/usr/bin:/bin', npm_execpath: join(root, 'fake-npm.js'), ...env },
    });
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { code, output, errors };
  };
  return {
    root,
    write,
    install,
    npmCalls: () => calls('npm-calls'),
    prismaCalls: () => calls('prisma-calls').sort(),
  };
}

test('a fresh checkout is installed and its clients generated; the second time nothing is done', async () => {
  const { install, npmCalls, prismaCalls } = checkout();
  expect((await install()).code).toBe(0);
  expect(npmCalls()).toEqual(['ci']);
  expect(prismaCalls()).toEqual(['order', 'payment']);
  expect(await install()).toEqual({ code: 0, output: '', errors: '' });
  expect(npmCalls()).toEqual(['ci']);
});

test('a changed lock file installs again; a changed script does not', async () => {
  const { install, write, npmCalls } = checkout();
  await install();
  write('package.json', '{"scripts":{"new":"true"}}');
  await install();
  expect(npmCalls()).toEqual(['ci']);
  write('package-lock.json', '{"changed":true}');
  await install();
  expect(npmCalls()).toEqual(['ci', 'ci']);
});

test('a changed schema generates all clients, a missing client only that one, neither installs', async () => {
  const { root, install, write, npmCalls, prismaCalls } = checkout();
  await install();
  write('services/order/prisma/schema.prisma', 'model');
  await install();
  expect(prismaCalls()).toEqual(['order', 'order', 'payment', 'payment']);
  rmSync(join(root, 'services/payment/src/generated'), { recursive: true });
  await install();
  expect(prismaCalls()).toEqual(['order', 'order', 'payment', 'payment', 'payment']);
  expect(npmCalls()).toEqual(['ci']);
});

test('two terminals at once install once', async () => {
  const { install, npmCalls } = checkout();
  expect((await Promise.all([install(), install()])).map(({ code }) => code)).toEqual([0, 0]);
  expect(npmCalls()).toEqual(['ci']);
});

test('the services are compiled once after each install, and one that does not load stops nothing', async () => {
  const { root, install, write } = checkout();
  const loaded = () => readFileSync(join(root, 'loaded'), 'utf8');
  write(
    'services/order/src/main.ts',
    `import { appendFileSync } from 'node:fs';
     const cache: string = process.env.NODE_COMPILE_CACHE!;
     appendFileSync('loaded', \`\${cache} \${process.env.DATABASE_URL}\\n\`);
     process.exit(78);`,
  );
  write('services/payment/src/main.ts', 'no code');
  expect((await install({ DATABASE_URL: 'postgres://elsewhere' })).code).toBe(0);
  const cache = join(root, 'node_modules/.cache/compile');
  expect(loaded()).toBe(`${cache} undefined\n`);
  expect(readdirSync(cache)).toHaveLength(1);
  write('services/order/prisma/schema.prisma', 'model');
  expect((await install()).code).toBe(0);
  expect(loaded().split('\n')).toHaveLength(2);
});

test('when npm fails its words are shown, and the next start tries again', async () => {
  const { install, npmCalls } = checkout();
  const failed = await install({ NPM_FAILS: 'yes' });
  expect(failed.code).toBe(1);
  expect(failed.errors).toContain('npm error code EUSAGE');
  expect(failed.errors).toContain('could not be installed');
  expect((await install()).code).toBe(0);
  expect(npmCalls()).toEqual(['ci']);
});

test('what a power cut left of the last installation is not in the way', async () => {
  const { install, write, npmCalls } = checkout();
  await install();
  write('node_modules/.orderflow-installed', '\0\0\0');
  expect((await install()).code).toBe(0);
  expect(npmCalls()).toEqual(['ci', 'ci']);
});

test.runIf(existsSync('/proc/self/cmdline'))(
  'a lock whose process is another program by now is not waited for, nor one that names none',
  async () => {
    for (const content of [String(process.pid), '']) {
      const { root, install, write } = checkout();
      write('.orderflow/installing', content);
      const longAgo = new Date(Date.now() - 60_000);
      utimesSync(join(root, '.orderflow/installing'), longAgo, longAgo);
      const { code, output } = await install();
      expect(code).toBe(0);
      expect(output).not.toContain('Another terminal');
    }
  },
);
