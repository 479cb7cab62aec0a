import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@orderflow/local-runtime/redis';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { onTestFinished } from 'vitest';
import { silentLog } from './scope.ts';

/** A Redis of the test's own, whose `maxmemory` the test sets. */
export async function smallRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'orderflow-redis-'));
  const server = await startRedis({ dataDir: folder, port: 0, log: () => {} });
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const redis = createCommandClient({ url: server.url, name: 'test', log: silentLog });
  onTestFinished(() => redis.disconnect());
  const limit = (bytes: number) => redis.config('SET', 'maxmemory', bytes);
  return {
    redis,
    url: server.url,
    limit,
    /** From now on Redis refuses every command that may need memory, as when it is full. */
    fill: () => limit(1),
  };
}
