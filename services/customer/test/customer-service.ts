import type { Event } from '@orderflow/contracts/events';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { handleOnce } from '@orderflow/messaging/inbox';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { testScope } from '@orderflow/testing/scope';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from '../src/app.ts';
import { createHandlers } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createCustomerMetrics } from '../src/metrics.ts';

/** The service of the running test: its app, its database, and the events that come in and go out. */
export async function customerService() {
  const scope = testScope();
  const db = await testDatabase([messagingMigrations, new URL('../prisma/migrations/', import.meta.url)]);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createCustomerMetrics(scope.metrics);
  const handlers = createHandlers({ metrics });
  return {
    app: createApp({ scope, db, prisma, metrics }),
    scope,
    db,
    /** One batch, as the consumer hands it over. */
    deliver: (...events: Event[]) => handleOnce({ db, group: 'customer', handlers }, events),
    customers: () => prisma.customer.findMany({ orderBy: { email: 'asc' } }),
    outbox: async () =>
      (await db.query<{ envelope: Event }>('SELECT envelope FROM messaging.outbox ORDER BY position')).map(
        ({ envelope }) => envelope,
      ),
  };
}

type Guest = { name?: string; phone?: string };

export const orderPlacedBy = (email: string, { name = 'Ada Lovelace', phone }: Guest = {}) => {
  const price = { amount: 1490, currency: 'EUR' };
  return anEvent('order.placed', {
    orderId: newId(),
    customer: { id: customerIdOf(email), name, email, phone },
    sellerId: 'seller',
    items: [{ productId: newId(), quantity: 1, sku: 'MUG', name: 'Enamel mug', unitPrice: price }],
    total: price,
    confirmation: 'automatic',
    guest: true,
  });
};
