import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newTemporaryFolder } from '@orderflow/local-runtime/folders';
import { startPostgres } from '@orderflow/local-runtime/postgres';
import { startRedis } from '@orderflow/local-runtime/redis';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    redisUrl: string;
  }
}

/** One real Postgres and one real Redis for a whole test run, in a folder that goes away with it. */
export default async function setup(project: TestProject) {
  const folder = newTemporaryFolder('orderflow-test-');
  const log = () => {};
  const [postgres, redis] = await Promise.all([
    // No test pulls the plug of the machine, so waiting for the disk would prove nothing.
    startPostgres({
      dataDir: join(folder, 'postgres'),
      port: 0,
      log,
      settings: { fsync: 'off', max_connections: '400' },
    }),
    startRedis({ dataDir: join(folder, 'redis'), port: 0, log }),
  ]);
  project.provide('postgresUrl', postgres.url());
  project.provide('redisUrl', redis.url);
  return async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
}
