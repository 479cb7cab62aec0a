import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import { startRedis } from './redis.ts';
import { damageIn } from './redis-damage.ts';

async function start(dataDir: string, notes: string[] = []) {
  const note = (message: string) => notes.push(message);
  const server = await startRedis({ dataDir, port: 0, log: () => {}, note });
  onTestFinished(() => server.stop());
  const redis = new Redis(server.url).on('error', () => {});
  onTestFinished(() => redis.disconnect());
  return { server, redis };
}

/** The folder of a Redis that was stopped with this in its append-only file. */
async function folderWithData(): Promise<string> {
  const dataDir = temporaryFolder();
  const { server, redis } = await start(dataDir);
  for (let i = 0; i < 50; i++) await redis.xadd('stream', '*', 'key', 'value'.repeat(20));
  await server.stop();
  return dataDir;
}

function appendOnlyFile(dataDir: string, ending: string): string {
  const folder = join(dataDir, 'data', 'appendonlydir');
  return join(folder, readdirSync(folder).find((name) => name.endsWith(ending))!);
}

function overwriteMiddle(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  writeFileSync(file, bytes.fill(0xff, middle, middle + 30));
}

const damages: [what: string, damage: (dataDir: string) => void][] = [
  ['a file of commands damaged in its middle', (at) => overwriteMiddle(appendOnlyFile(at, '.incr.aof'))],
  ['a file of commands that is gone', (at) => rmSync(appendOnlyFile(at, '.incr.aof'))],
  ['a damaged snapshot', (at) => overwriteMiddle(appendOnlyFile(at, '.base.rdb'))],
  ['a snapshot of zeros', (at) => writeFileSync(appendOnlyFile(at, '.base.rdb'), Buffer.alloc(90))],
  ['a snapshot of a Redis to come', (at) => writeFileSync(appendOnlyFile(at, '.base.rdb'), 'REDIS0099')],
  ['an empty manifest', (at) => writeFileSync(appendOnlyFile(at, '.manifest'), '')],
  ['a manifest cut short', (at) => writeFileSync(appendOnlyFile(at, '.manifest'), 'file appendonly.aof')],
];

const setAsideIn = (dataDir: string) => readdirSync(dataDir).filter((name) => name.includes('damaged'));

test.each(damages)(
  'Redis starts empty past %s, which is set aside, and says so in one line',
  async (_what, damage) => {
    const dataDir = await folderWithData();
    damage(dataDir);
    const notes: string[] = [];
    const { redis } = await start(dataDir, notes);
    expect(await redis.xlen('stream')).toBe(0);
    const [aside] = setAsideIn(dataDir);
    expect(aside).toMatch(/^data-damaged-\d{4}-\d\d-\d\dT/);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /^its data is damaged \([^\n]+\); it starts empty, and [^\n]+ has what was there$/,
    );
    expect(notes[0]).toContain(join(dataDir, aside!));
  },
);

test('of damaged data the last three are kept', async () => {
  const dataDir = await folderWithData();
  for (let i = 0; i < 5; i++) {
    writeFileSync(appendOnlyFile(dataDir, '.manifest'), `no manifest ${i}`);
    const { server } = await start(dataDir);
    await server.stop();
  }
  const kept = setAsideIn(dataDir).sort();
  const manifests = kept.map((name) =>
    readFileSync(join(dataDir, name, 'appendonlydir', 'appendonly.aof.manifest'), 'utf8'),
  );
  expect(manifests).toEqual(['no manifest 2', 'no manifest 3', 'no manifest 4']);
});

test.each([
  ['# Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address already in use'],
  ["# Fatal error: can't open the AOF manifest file appendonly.aof.manifest for reading: Permission denied"],
  ["# Can't open the append-only file appendonly.aof.1.incr.aof: Permission denied"],
  ["# Can't open or create append-only dir appendonlydir: No space left on device"],
])('data is left where it is when Redis ended for another reason: %s', (line) => {
  expect(damageIn(line)).toBeUndefined();
});
