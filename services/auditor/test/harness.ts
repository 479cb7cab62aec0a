import type { Envelope } from '@orderflow/contracts/envelope';
import { producers, type ServiceName } from '@orderflow/contracts/events';
import { readBacklog } from '@orderflow/messaging/backlog';
import { startConsumer } from '@orderflow/messaging/consumer';
import { listDeadLetters } from '@orderflow/messaging/dead-letters';
import { deadLettersOf } from '@orderflow/messaging/dead-letters-views';
import { EVENT_ATTRIBUTES, EVENT_DIGEST } from '@orderflow/messaging/event-digest';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { streamKey } from '@orderflow/messaging/stream';
import { createDatabase, type Database } from '@orderflow/service-kit/database';
import { listen } from '@orderflow/service-kit/lifecycle';
import { testDatabase } from '@orderflow/testing/database';
import { testRedis } from '@orderflow/testing/redis';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import { onTestFinished } from 'vitest';
import type { Sources } from '../src/all-dead-letters.ts';
import { createApp } from '../src/app.ts';
import { createKeeper } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createBench } from '../src/invariants/bench.ts';
import { createChecks } from '../src/invariants/check.ts';
import { startRounds } from '../src/invariants/rounds.ts';
import { createLedgerClient } from '../src/ledger-client.ts';
import { startLiveEvents } from '../src/live.ts';
import { createAuditMetrics } from '../src/metrics.ts';
import { createInvariantMetrics } from '../src/metrics-invariants.ts';
import { keepEvents } from '../src/operations/keep-events.ts';
import { createOrderWaits } from '../src/order-waits.ts';
import { readInvariants } from '../src/read-invariants.ts';
import { openStream } from './open-stream.ts';

const migrations = [messagingMigrations, new URL('../prisma/migrations/', import.meta.url)];

const internalToken = (await as.service()).authorization.replace('Bearer ', '');

const DIGEST = `SELECT ${EVENT_DIGEST} AS digest FROM json_to_record($1) AS e(${EVENT_ATTRIBUTES})`;

/** The digest of an event, as the outbox of its producer has it. */
export async function digestOf(db: Database, event: Envelope): Promise<string> {
  const [row] = await db.query<{ digest: string }>(DIGEST, [JSON.stringify(event)]);
  return row!.digest;
}

type Live = Partial<Parameters<typeof startLiveEvents>[0]>;
type Waits = Partial<Parameters<typeof createOrderWaits>[0]>;

/** The auditor on a database and streams of its own: its app, and its consumer when a test starts it. */
export async function auditorHarness({
  live,
  waits,
  others = {},
  urls = {},
  maxOrders = 1_000,
  graceMs = 1_000,
}: {
  live?: Live;
  waits?: Waits;
  others?: Sources;
  /** Of services whose ledgers are read. */
  urls?: Record<string, string>;
  maxOrders?: number;
  graceMs?: number;
} = {}) {
  const db = await testDatabase(migrations);
  const { redis, url, prefix } = testRedis();
  const streamOf = (service: ServiceName) => streamKey(service, prefix);

  const client = createLedgerClient({
    urls,
    internalToken,
    ownBacklog: () => readBacklog(db, { redis, group: 'auditor', prefix }),
    timeoutMs: 1_000,
  });
  const reading = { isCaughtUp: true };
  const bench = createBench(client, { isCaughtUp: () => reading.isCaughtUp, confirmMs: 50 });
  const everyMs = 100;
  const readAll = () => readInvariants(db, { bench, everyMs });

  /** A replica's HTTP side, which listens. */
  async function serve(options: Live = {}, waitOptions: Waits = {}) {
    const scope = testScope();
    const live = startLiveEvents({ db, scope, maxStreams: 100, ...options });
    const waits = createOrderWaits({ db, metrics: scope.metrics, ...waitOptions });
    const deadLetters = { ...others, auditor: deadLettersOf({ db, group: 'auditor' }) };
    const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
    const invariants = { ...createChecks({ db, client, bench, graceMs, maxOrders }), read: readAll };
    const app = createApp({ scope, auth: testAuth, db, redis, prisma, live, waits, deadLetters, invariants });
    const server = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog });
    let stopped: Promise<void> | undefined;
    /** In the order of `main.ts`. */
    const stop = () => {
      stopped ??= live.stop().then(server.close);
      return stopped;
    };
    onTestFinished(stop);
    const base = `http://127.0.0.1:${server.port}`;
    return {
      scope,
      app,
      base,
      port: server.port,
      stop,
      /** Opens the live events of an order. */
      follow: (orderId: string, headers: Record<string, string>, query = '') =>
        openStream(`${base}/api/orders/${orderId}/events${query}`, headers),
    };
  }

  const replica = await serve(live, waits);
  const record = (events: Envelope[]) => db.transaction((tx) => keepEvents(tx, events));

  return {
    ...replica,
    db,
    redis,
    prefix,
    serve,
    /** Starts a replica; each has metrics of its own. */
    start(instance = 'a', { batchSize }: { batchSize?: number } = {}) {
      const { metrics } = testScope();
      const consumer = startConsumer({
        group: 'auditor',
        handlers: createKeeper({ metrics: createAuditMetrics(metrics) }),
        db,
        redis,
        redisUrl: url,
        scope: { ...replica.scope, metrics },
        instance,
        prefix,
        blockMs: 200,
        handlerTimeoutMs: 1_000,
        retryBackoff: { baseMs: 5, capMs: 20 },
        batchSize,
      });
      onTestFinished(() => consumer.stop());
      return { metrics, stop: consumer.stop };
    },
    bench,
    /** Whether the rounds take the record of events for complete. */
    reading,
    readInvariants: readAll,
    /** Starts the rounds of checks of a replica. */
    startRounds(instance = 'a', options: { sweepOrders?: number } = {}) {
      const scope = testScope();
      const metrics = createInvariantMetrics(scope.metrics, readAll);
      const common = { db, scope, metrics, client, bench, everyMs, graceMs };
      const rounds = startRounds({ ...common, instance, sweepOrders: options.sweepOrders ?? 500 });
      onTestFinished(rounds.stop);
      return { ...rounds, scope };
    },
    /** Appends events to the streams of their sources, as relays would. */
    async publish(...events: Envelope[]): Promise<void> {
      for (const event of events) {
        await redis.xadd(streamOf(event.source as ServiceName), '*', 'event', JSON.stringify(event));
      }
    },
    publishRaw: (service: ServiceName, body: string) => redis.xadd(streamOf(service), '*', 'event', body),
    /** Records events without streams. */
    record,
    /** The same by another process, whose commits wake nobody here. */
    recordElsewhere: () => {
      const other = createDatabase({ url: db.url, service: 'other', log: silentLog });
      onTestFinished(() => other.close());
      return (events: Envelope[]) => other.transaction((tx) => keepEvents(tx, events));
    },
    recordedIds: async (): Promise<string[]> =>
      (await db.query<{ event_id: string }>('SELECT event_id FROM events ORDER BY event_id')).map(
        (row) => row.event_id,
      ),
    deadLetters: () => listDeadLetters(db),
    async pending(): Promise<number> {
      const counts = await Promise.all(
        producers.map(
          async (service) => ((await redis.xpending(streamOf(service), 'auditor')) as [number])[0],
        ),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
