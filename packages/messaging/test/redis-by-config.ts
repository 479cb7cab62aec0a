import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from '@orderflow/local-runtime/account';
import { prepareDataFolder } from '@orderflow/local-runtime/folders';
import { freePort } from '@orderflow/local-runtime/ports';
import { redisBinary } from '@orderflow/local-runtime/redis-binary';
import { launchServer } from '@orderflow/local-runtime/server-process';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { Server } from './redis-pair.ts';

/** Runs the program of Redis by these lines of configuration until the test ends; gives its port. */
async function runByConfig(lines: string[], { args = [], ready }: { args?: string[]; ready: RegExp }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderflow-redis-'));
  const account = serverAccount(dataDir);
  const folder = prepareDataFolder({ path: dataDir, account, log: () => {} });
  const port = await freePort();
  const file = join(folder, 'server.conf');
  await writeFile(file, ['bind 127.0.0.1', `port ${port}`, `dir "${folder}"`, ...lines, ''].join('\n'));
  if (account) await chown(file, account.uid, account.gid); // a Sentinel writes down what it finds
  const { command, libraryPath } = await redisBinary({ account, log: () => {} });
  const server = await launchServer({
    name: 'Redis',
    command,
    args: [file, ...args],
    env: { PATH: process.env.PATH ?? '', ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) },
    account,
    ready,
    stopSignals: [['SIGTERM', 5_000]],
    log: () => {},
    explain: () => undefined,
  });
  onTestFinished(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return port;
}

/** A Sentinel that watches `primary` by the name `orders`. */
export async function startSentinel({ primary, password }: { primary: Server; password: string }) {
  const lines = [
    `sentinel monitor orders 127.0.0.1 ${primary.port} 1`,
    `sentinel auth-pass orders ${password}`,
    'sentinel down-after-milliseconds orders 1000',
    'sentinel failover-timeout orders 5000',
  ];
  const port = await runByConfig(lines, { args: ['--sentinel'], ready: /Sentinel ID is/ });
  const admin = new Redis(port, '127.0.0.1');
  onTestFinished(() => admin.disconnect());
  // It looks after replicas and old primaries each time it has asked, by default every 10 s.
  await admin.call('SENTINEL', 'DEBUG', 'INFO-PERIOD', '300', 'PUBLISH-PERIOD', '300');
  return { port, admin };
}

/** A node of a Redis Cluster; gives its URL. */
export async function startClusterNode(): Promise<string> {
  const port = await runByConfig(['cluster-enabled yes'], { ready: /Ready to accept connections/ });
  return `redis://127.0.0.1:${port}`;
}
