import type { Event } from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import { handleOnce } from '@orderflow/messaging/inbox';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { testDatabase } from '@orderflow/testing/database';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import supertest from 'supertest';
import { createApp } from '../src/app.ts';
import { createHandlers } from '../src/consumers.ts';
import type { OrderEvent, Reservation } from '../src/domain.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createInventoryMetrics } from '../src/metrics.ts';
import { createProduct, type NewProduct } from '../src/operations/create-product.ts';
import type { Stock } from '../src/stock.ts';

const migrations = new URL('../prisma/migrations/', import.meta.url);

const STOCK = `
  SELECT product_id AS "productId", received, on_hand AS "onHand", reserved, shipped FROM stock
  WHERE product_id = ANY($1::uuid[]) ORDER BY product_id`;

const RESERVATIONS = `
  SELECT order_id AS "orderId", status, items, paid, shipped, expires_at AS "expiresAt" FROM reservations
  WHERE order_id = ANY($1::uuid[]) ORDER BY order_id`;

const UNBALANCED = `
  SELECT stock.* FROM stock LEFT JOIN LATERAL (
    SELECT coalesce(sum(quantity) FILTER (WHERE kind IN ('RECEIVED', 'ADJUSTED')), 0) AS received,
      coalesce(sum(quantity) FILTER (WHERE kind = 'SHIPPED'), 0) AS shipped,
      coalesce(sum(CASE WHEN kind = 'RESERVED' THEN quantity WHEN kind IN ('RELEASED', 'SHIPPED') THEN -quantity END), 0)
        AS reserved
    FROM movements WHERE movements.product_id = stock.product_id) AS ledger ON true
  WHERE (stock.received, stock.shipped, stock.reserved, stock.on_hand)
    IS DISTINCT FROM (ledger.received, ledger.shipped, ledger.reserved, ledger.received - ledger.shipped)`;

/** The service without its loops: the real handlers, routes and database. `http` asks as a service, who may do all. */
export async function inventory({ ttlMs = 60_000, demo = true } = {}) {
  const db = await testDatabase([messagingMigrations, migrations]);
  const scope = testScope();
  const metrics = createInventoryMetrics(scope.metrics);
  const handlers = createHandlers({ metrics, ttlMs });
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const app = createApp({ scope, auth: testAuth, db, redis: testRedis().redis, prisma, metrics, demo });
  const cause = { correlationId: 'test', actor: 'test' };

  return {
    app,
    db,
    scope,
    metrics,
    handlers,
    http: supertest.agent(app).set(await as.service()),
    /** Asks as nobody, unless a header says otherwise. */
    anyone: supertest(app),
    handle: (events: OrderEvent[]) => handleOnce({ db, group: 'inventory', handlers }, events),
    async addProduct(stock: number, changes: Partial<NewProduct> = {}): Promise<string> {
      const price = { amount: 2999, currency: 'EUR' };
      const mug = { sku: newId(), name: 'Mug', description: '', price, sellerId: 'seller', stock };
      const product = { ...mug, ...changes };
      return (await db.transaction((tx) => createProduct(tx, product, { cause, metrics })))!.id;
    },
    stock: (...productIds: string[]) => db.query<Stock>(STOCK, [productIds]),
    reservations: (...orderIds: string[]) => db.query<Reservation>(RESERVATIONS, [orderIds]),
    /** Products whose columns are not the sum of their movements. */
    unbalanced: () => db.query(UNBALANCED),
    /** What was told of these orders or products, in the order of the outbox. */
    async told(...subjects: string[]): Promise<Event[]> {
      const rows = await db.query<{ envelope: Event }>(
        'SELECT envelope FROM messaging.outbox WHERE subject = ANY($1::text[]) ORDER BY position',
        [subjects],
      );
      return rows.map((row) => row.envelope);
    },
    async metric(name: string): Promise<Record<string, number>> {
      const { values } = await scope.metrics.registry.getSingleMetric(name)!.get();
      return Object.fromEntries(
        values.map(({ labels, value }) => [labels.outcome ?? labels.kind ?? labels.state, value]),
      );
    },
  };
}
