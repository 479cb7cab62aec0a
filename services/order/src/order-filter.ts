import type { listOrdersQuery } from '@orderflow/contracts/http/orders';
import { firstIdAt } from '@orderflow/contracts/ids';
import type { Actor } from '@orderflow/service-kit/auth';
import type { z } from 'zod';
import { onlyTheirs } from './access.ts';
import type { Prisma } from './generated/prisma/client.ts';

type Filter = Omit<z.infer<typeof listOrdersQuery>, 'limit' | 'cursor'>;

/** The orders that a list is made of: those that are asked for, of those that are this actor's business. */
export const ordersFor = (
  actor: Actor,
  { status, customerId, sellerId, from, to, q }: Filter,
): Prisma.OrderWhereInput => ({
  AND: [{ status, customerId, sellerId }, onlyTheirs(actor), placedBetween(from, to)],
  ...(q !== undefined && { items: { some: { OR: [{ search: containing(q) }, ...idsFrom(q)] } } }),
});

/** An id is drawn before its order is placed, by another clock than the one beside it at worst. */
const SLACK_MS = 60_000;

/** Ids grow with time, so that a range of time is one of each index that a list is walked by. */
const placedBetween = (from: Date | undefined, to: Date | undefined): Prisma.OrderWhereInput => ({
  placedAt: { gte: from, lt: to },
  id: {
    gte: from && firstIdAt(from.getTime() - SLACK_MS),
    lt: to && firstIdAt(to.getTime() + SLACK_MS),
  },
});

// Prisma leaves the wildcards of LIKE as they are.
const containing = (text: string) => ({ contains: text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&') });

const UUID_SHAPE = '00000000-0000-0000-0000-000000000000';

/** The range of ids that begin with `text`, which the index of the key has; none when no id can. */
function idsFrom(text: string): Prisma.OrderItemWhereInput[] {
  const prefix = text.toLowerCase();
  const shape = prefix.replaceAll(/[0-9a-f]/g, '0');
  if (!UUID_SHAPE.startsWith(shape)) return [];
  const rest = UUID_SHAPE.slice(prefix.length);
  return [{ orderId: { gte: prefix + rest, lte: prefix + rest.replaceAll('0', 'f') } }];
}
