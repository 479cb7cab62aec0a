import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalRedis, startRedis } from '@orderflow/local-runtime/redis';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

export type Server = { port: number; admin: Redis; url: string };

/** A Redis of the running test's own, with this password. */
async function ownRedis(password: string): Promise<LocalRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderflow-redis-'));
  await writeFile(join(dataDir, 'password'), password); // else it makes one up
  const server = await startRedis({ dataDir, port: 0, log: () => {} });
  onTestFinished(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return server;
}

/** A primary and its replica, with one password. */
export async function redisPair(): Promise<{ primary: Server; replica: Server; password: string }> {
  const password = randomUUID();
  const [primary, replica] = await Promise.all([adminOf(ownRedis(password)), adminOf(ownRedis(password))]);
  for (const { admin } of [primary, replica]) await admin.config('SET', 'masterauth', password);
  await follow(replica, primary);
  return { primary, replica, password };
}

async function adminOf(starting: Promise<LocalRedis>): Promise<Server> {
  const { port, password } = await starting;
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const admin = new Redis(url).on('error', () => {}); // a failover breaks connections
  onTestFinished(() => admin.disconnect());
  return { port, admin, url };
}

/** Makes `replica` a replica of `primary`; both go on serving. */
export const follow = (replica: Server, primary: Server) =>
  replica.admin.call('REPLICAOF', '127.0.0.1', String(primary.port));

/** Makes `server` a primary. */
export const promote = (server: Server) => server.admin.call('REPLICAOF', 'NO', 'ONE');
