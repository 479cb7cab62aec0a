import { existsSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import { startRedis } from './redis.ts';

async function start(options: Partial<Parameters<typeof startRedis>[0]> = {}) {
  const server = await startRedis({ dataDir: temporaryFolder(), port: 0, log: () => {}, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0 });
  redis.on('error', () => {});
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

test('Redis wants its password, never evicts and appends to disk', async () => {
  const server = await start();
  const config = await ask(server.url, (redis) =>
    redis.config('GET', 'maxmemory-policy', 'appendonly', 'appendfsync'),
  );
  expect(config).toEqual(expect.arrayContaining(['noeviction', 'yes', 'everysec']));
  await expect(ask(`redis://127.0.0.1:${server.port}`, (redis) => redis.get('key'))).rejects.toThrow(
    'NOAUTH',
  );
});

const byTcp = (url: string) => url.replace(/\?.*/, '');
/** What Redis tells of a connection, such as the address it came in by. */
const client = (redis: Redis) => redis.client('INFO');

test('its address leads through the socket and, without its parameter, through TCP; both want the password', async () => {
  const dataDir = temporaryFolder();
  const server = await start({ dataDir });
  expect(await ask(server.url, client)).toContain(`laddr=${join(dataDir, 'redis.sock')}:0`);
  expect(await ask(byTcp(server.url), client)).toContain(`laddr=127.0.0.1:${server.port}`);
  const wrong = server.url.replace(server.password, 'wrong');
  for (const url of [wrong, byTcp(wrong)]) {
    await expect(ask(url, (redis) => redis.get('key'))).rejects.toThrow(/NOAUTH|WRONGPASS/);
  }
});

test('the socket is for nobody but the user of the server', async () => {
  const dataDir = temporaryFolder();
  await start({ dataDir });
  const { mode, uid } = lstatSync(join(dataDir, 'redis.sock'));
  expect(mode & 0o777).toBe(0o700);
  expect(uid).toBe(lstatSync(join(dataDir, 'data')).uid);
});

test('where the path is too long for a socket Redis serves by TCP alone', async () => {
  const server = await start({ dataDir: join(temporaryFolder(), 'long'.repeat(20)) });
  expect(server.url).toBe(byTcp(server.url));
  expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG');
});

test('what was written to disk outlives a SIGKILL of Redis', async () => {
  const server = await start();
  // WAITAOF needs 7.2; a rewrite that is done means the same.
  await ask(server.url, async (redis) => {
    await redis.set('key', 'kept');
    await redis.bgrewriteaof();
    while (!/aof_rewrite_in_progress:0[\s\S]*aof_rewrite_scheduled:0/.test(await redis.info('persistence')))
      await after(10);
  });
  server.kill();
  await server.exited;
  await server.restart();
  expect(await ask(server.url, (redis) => redis.get('key'))).toBe('kept');
});

test('a Redis that was wiped restarts empty, and cannot be wiped while it runs', async () => {
  const server = await start();
  await ask(server.url, (redis) => redis.set('key', 'lost'));
  expect(() => server.wipe()).toThrow('await stop() before wipe()');
  await server.stop();
  server.wipe();
  await server.restart();
  expect(await ask(server.url, (redis) => redis.get('key'))).toBeNull();
});

test('a Redis whose process id cannot be written to a file serves all the same, and says so', async () => {
  const dataDir = temporaryFolder();
  const notes: string[] = [];
  symlinkSync(join(dataDir, 'no-such-folder', 'redis.pid'), join(dataDir, 'redis.pid'));
  const server = await start({ dataDir, note: (message) => notes.push(message) });
  expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG');
  expect(notes.join()).toContain('its process id cannot be written to');
});

test.runIf(existsSync('/proc/self/cwd'))(
  'the process id that a power cut left may be that of a Redis with other data: it is not in the way',
  async () => {
    const other = await start();
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'redis.pid'), String(other.pid));
    const server = await start({ dataDir });
    expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG');
  },
);

test('a second Redis on the same data is refused: it would destroy it', async () => {
  const dataDir = temporaryFolder();
  const first = await start({ dataDir });
  await expect(start({ dataDir })).rejects.toThrow(`in use by another Redis (process ${first.pid})`);
  expect(await ask(first.url, (redis) => redis.ping())).toBe('PONG');
});

test('a taken port is refused, naming it and what to set', async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow(new RegExp(`Port ${port} is taken.*PORT_REDIS`));
});

test('a folder may have any characters in its name', async () => {
  const dataDir = join(temporaryFolder(), 'it\'s "a" 50% \\ $HOME `x` #1 ü');
  const server = await start({ dataDir });
  expect(await ask(server.url, client)).toContain('redis.sock');
  expect(existsSync(join(dataDir, 'data', 'appendonlydir'))).toBe(true);
});
