import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { NotificationMetrics } from './metrics.ts';

// One branch for each partial index.
const BACKLOG = ['PENDING', 'WAITING', 'FAILED']
  .map(
    (status) => `
  SELECT '${status}' AS status, count(*) AS count,
    coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age FROM messages WHERE status = '${status}'`,
  )
  .join(' UNION ALL ');

type Backlog = { status: 'PENDING' | 'WAITING' | 'FAILED'; count: number; age: number };

/** Measures how far sending is behind, every few seconds. */
export function watchBacklog({
  db,
  metrics,
  log,
  everyMs = 5_000,
}: {
  db: Database;
  metrics: NotificationMetrics;
  log: Logger;
  everyMs?: number;
}) {
  async function measure(): Promise<void> {
    for (const { status, count, age } of await db.query<Backlog>(BACKLOG)) {
      metrics.backlog.set({ status }, count);
      if (status !== 'FAILED') metrics.oldest.set({ status }, age);
    }
  }
  const timer = setInterval(() => {
    measure().catch((error) => log.debug({ error: error.message }, 'cannot measure the backlog now'));
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
