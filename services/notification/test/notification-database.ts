import type { Event } from '@orderflow/contracts/events';
import { handleOnce } from '@orderflow/messaging/inbox';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { testDatabase } from '@orderflow/testing/database';
import { PrismaPg } from '@prisma/adapter-pg';
import { createHandlers } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';

export const linkTo = (orderId: string) => `https://shop.example/${orderId}`;
const handlers = createHandlers({ linkTo });

/** The service's database for the running test, and the events that come in. */
export async function notificationDatabase() {
  const db = await testDatabase([messagingMigrations, new URL('../prisma/migrations/', import.meta.url)]);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  return {
    db,
    prisma,
    /** One batch, as the consumer hands it over. */
    deliver: (...events: Event[]) => handleOnce({ db, group: 'notification', handlers }, events),
    messages: (where: { orderId?: string; status?: string } = {}) =>
      prisma.message.findMany({ where, orderBy: { id: 'asc' } }),
    outbox: () => db.query<{ envelope: Event }>('SELECT envelope FROM messaging.outbox ORDER BY position'),
  };
}
