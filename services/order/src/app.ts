import type { OrderView } from '@orderflow/contracts/http';
import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { OrderMetrics } from './metrics.ts';
import type { NewOrder } from './new-order.ts';
import { placeOrders } from './operations/place-orders.ts';
import { readOrder } from './operations/read-order.ts';
import { mountRoutes } from './routes.ts';
import { mountPlainRoutes } from './routes-plain.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  prisma: PrismaClient;
  metrics: OrderMetrics;
  guestPaymentMethod: string;
};

export function createApp(deps: Deps) {
  const { db, prisma, metrics } = deps;
  const placeInBatch = createBatcher(
    (orders: NewOrder[]) => db.transaction((tx) => placeOrders(tx, orders, metrics)),
    { parallel: 1 },
  );
  async function placeOrder(order: NewOrder): Promise<OrderView> {
    const placed = await placeInBatch(order);
    return typeof placed === 'string' ? readOrder(prisma, placed) : placed;
  }
  return createHttpApp({
    ...deps.scope,
    routes: (app) => {
      mountRoutes(app, { ...deps, placeOrder });
      mountPlainRoutes(app, { ...deps, placeOrder });
    },
  });
}

export type RouteDeps = Deps & { placeOrder: (order: NewOrder) => Promise<OrderView> };
