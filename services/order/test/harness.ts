import { type Event, type EventData, readEvent } from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { createDatabase, type Database } from '@orderflow/service-kit/database';
import { commitCutter } from '@orderflow/testing/commit-cutter';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { testRedis } from '@orderflow/testing/redis';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { as, testAuth, testOrderLinks, testSeals } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Redis } from 'ioredis';
import supertest from 'supertest';
import { onTestFinished } from 'vitest';
import { createApp } from '../src/app.ts';
import { createHandlers } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createOrderMetrics } from '../src/metrics.ts';
import { createOrderCache } from '../src/order-cache.ts';

const orderMigrations = new URL('../prisma/migrations/', import.meta.url);

/** The service on a database of its own, without its loops: HTTP goes in by `api`, events by `handlers`. */
export async function orderService({ demo = true, redis = testRedis().redis } = {}) {
  const db = await testDatabase([messagingMigrations, orderMigrations]);
  const service = await start({ db, redis, demo });

  return {
    ...service,
    productEvent,
    /** Another replica: the same Postgres and Redis, and nothing else in common. */
    replica: () => start({ db, redis, demo }),
    /** Another replica, which reaches Postgres by the way of a cutter. */
    async cutReplica() {
      const cutter = await commitCutter(db.url);
      const cut = createDatabase({ url: cutter.url, service: 'cut', log: silentLog, max: 4 });
      onTestFinished(() => cut.close());
      return { ...(await start({ db: cut, redis, demo })), cutter };
    },
    /** Makes a product known as inventory does, by its event. */
    async addProduct(changes: Partial<Product> = {}, sequence = 1): Promise<Product> {
      const event = productEvent(changes, sequence);
      await db.transaction((tx) => service.handlers['product.changed']([event], tx));
      return event.data;
    },
    /** What the others will read, oldest first; about one order or about all. Throws when they cannot read it. */
    async told(orderId?: string): Promise<Event[]> {
      const rows = await db.query<{ body: string }>(
        `SELECT envelope::text AS body FROM messaging.outbox
         WHERE subject = coalesce($1, subject) ORDER BY position`,
        [orderId],
      );
      return rows.map(({ body }) => readEvent(body)!);
    },
    /** How many rows there are of all that an order is made of. */
    async written(): Promise<{ orders: number; items: number; events: number }> {
      const [counts] = await db.query<{ orders: number; items: number; events: number }>(
        `SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM order_items) AS items,
           (SELECT count(*) FROM messaging.outbox) AS events`,
      );
      return counts!;
    },
  };
}

/** The service while nothing listens where its database should be. */
export async function orderServiceWithoutDatabase() {
  // Port 9 is "discard": nobody has it, and a privileged port is never drawn for another test.
  const url = 'postgres://nobody:nothing@127.0.0.1:9/nowhere';
  const db = createDatabase({ url, service: 'test', log: silentLog });
  onTestFinished(() => db.close());
  return start({ db, redis: testRedis().redis, demo: true });
}

async function start({ db, redis, demo }: { db: Database; redis: Redis; demo: boolean }) {
  const scope = testScope();
  const orderMetrics = createOrderMetrics(scope.metrics);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const cache = createOrderCache({ redis, metrics: orderMetrics, log: scope.log });
  const app = createApp({
    scope,
    db,
    redis,
    prisma,
    metrics: orderMetrics,
    cache,
    auth: testAuth,
    links: testOrderLinks,
    demo,
    guestPaymentMethod: 'pm_card_visa',
    keySecret: 'the-key-secret-of-tests',
  });
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const handlers = createHandlers({ metrics: orderMetrics, cache, sealMethod: testSeals.seal });
  /** Requests with these headers; without any they are nobody's. */
  const by = (headers: Record<string, string>) => supertest.agent(server).set(headers);
  return {
    ...scope,
    server,
    db,
    redis,
    prisma,
    orderMetrics,
    cache,
    handlers,
    by,
    nobody: by({}),
    /** Requests by OrderFlow itself, for tests to which it does not matter who asks. */
    api: by(await as.service()),
  };
}

type Product = EventData<'product.changed'>;

function productEvent(changes: Partial<Product>, sequence: number) {
  const productId = changes.productId ?? newId();
  const product: Product = {
    productId,
    sku: `SKU-${productId.slice(-12)}`,
    name: 'Mug',
    price: { amount: 2999, currency: 'EUR' },
    sellerId: 'seller-1',
    active: true,
    ...changes,
  };
  return anEvent('product.changed', product, { subject: productId, sequence });
}

export const aCustomer = { name: 'Ada Lovelace', email: 'ada@example.com' };

/** The id of the account that a token of `as` speaks for. */
export const accountIn = ({ authorization }: { authorization: string }): string =>
  JSON.parse(Buffer.from(authorization.split('.')[1]!, 'base64url').toString()).sub;
