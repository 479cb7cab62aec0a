import { hostname } from 'node:os';
import type { ServiceName } from '@orderflow/contracts/events';
import type { Group } from '@orderflow/contracts/groups';
import type { baseConfig, messagingConfig } from '@orderflow/service-kit/config';
import { createDatabase } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { migrate } from '@orderflow/service-kit/migrate';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { waitForDatabase } from '@orderflow/service-kit/wait-for-database';
import type { z } from 'zod';
import { startCatchUpAnswers } from './catch-up-answers.ts';
import { startConsumer } from './consumer.ts';
import { armOnDemand } from './crash-points.ts';
import { inboxWalk, keysWalk, outboxWalk } from './forget-old-rows.ts';
import { createForgetting } from './forgetting.ts';
import type { Subscriber } from './handlers.ts';
import { messagingMigrations } from './migrations.ts';
import { startRelay } from './relay.ts';
import { breakOnDemand } from './safeguards.ts';

type Config = z.infer<typeof baseConfig> & z.infer<typeof messagingConfig>;

/**
 * Opens what a service that exchanges events stands on, and registers how to close it: its migrated database,
 * Redis, and the two loops, to be started by the service when it is ready for them.
 */
export async function openMessaging(
  scope: ServiceScope,
  { config, migrations }: { config: Config; migrations: URL },
) {
  const { log, onStop } = scope;
  const service = log.bindings().service as string;
  const handlerTimeoutMs = config.HANDLER_TIMEOUT_MS;
  const instance = config.INSTANCE ?? hostname();
  armOnDemand(log);
  breakOnDemand(log);
  const folders = [messagingMigrations, migrations];
  await waitForDatabase(() => migrate({ url: config.DATABASE_URL, folders, log }), { log });
  const db = createDatabase({
    url: config.DATABASE_URL,
    service,
    log,
    max: config.DATABASE_POOL,
    timeoutMs: handlerTimeoutMs,
  });
  onStop('postgres', db.close);
  const redis = createCommandClient({ url: config.REDIS_URL, name: service, log });
  onStop('redis', () => redis.disconnect());
  const forgetting = createForgetting({ db, scope });
  onStop('forget-keys', forgetting.start(keysWalk).stop);

  return {
    db,
    redis,
    instance,
    /** Publishes this service's outbox from now on. */
    publishOutbox(producer: ServiceName): void {
      const lingerMs = config.RELAY_LINGER_MS;
      const relay = startRelay({ service: producer, db, redis, scope, instance, lingerMs });
      onStop('relay', relay.stop);
      onStop('forget-outbox', forgetting.start(outboxWalk({ maxRows: config.OUTBOX_MAX_ROWS })).stop);
      const answers = startCatchUpAnswers({ service: producer, db, redis, scope });
      onStop('catch-up answers', answers.stop);
    },
    /** Handles the events of the group's subscriptions from now on; gives whether it has all that it missed. */
    consume(group: Group, handlers: Subscriber) {
      const redisUrl = config.REDIS_URL;
      const consumer = startConsumer({
        group,
        handlers,
        db,
        redis,
        redisUrl,
        scope,
        instance,
        handlerTimeoutMs,
        lingerMs: config.CONSUMER_LINGER_MS,
      });
      onStop('consumer', consumer.stop);
      onStop('forget-inbox', forgetting.start(inboxWalk({ group })).stop);
      return { isCaughtUp: consumer.isCaughtUp };
    },
  };
}
