import { rm } from 'node:fs/promises';
import { newTemporaryFolder } from '@orderflow/local-runtime/folders';
import { startRedis } from '@orderflow/local-runtime/redis';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { onTestFinished } from 'vitest';
import { silentLog } from './scope.ts';

/** A Redis server of the test's own, which it may end or fill, and a client of it. Both end with the test. */
export async function ownRedis() {
  const folder = newTemporaryFolder('orderflow-redis-');
  const server = await startRedis({ dataDir: folder, port: 0, log: () => {} });
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const redis = createCommandClient({ url: server.url, name: 'test', log: silentLog });
  onTestFinished(() => redis.disconnect());
  return { server, redis, url: server.url };
}
