import type { DrillReport } from '@orderflow/contracts/drills';
import type { CheckView, InvariantName } from '@orderflow/contracts/invariants';
import type { OrdersSeen } from '../seen.ts';
import { type DrillOrder, isEnd, isOpen, isUnanswered } from './drill-order.ts';
import type { ListedOrder } from './list-orders.ts';

const LAST_ENDS = 10;

/** What the drill's orders have come to so far. */
export function ordersSeen(orders: DrillOrder[]): Omit<OrdersSeen, 'open' | 'tries'> {
  const accepted = orders.filter(({ acceptedAt }) => acceptedAt !== null);
  const ended = accepted.filter(({ endedAt }) => endedAt !== null);
  const last = ended.reduce<DrillOrder | undefined>(
    (latest, order) => (latest && latest.askedAt >= order.askedAt ? latest : order),
    undefined,
  );
  const isCancelled = ({ status }: DrillOrder) => status === 'CANCELLED';
  const waiting = orders.filter((order) => isUnanswered(order) || isOpen(order));
  const lastEnds = ended.toSorted((a, b) => a.endedAt! - b.endedAt!).slice(-LAST_ENDS);
  return {
    asked: orders.length,
    accepted: accepted.length,
    refused: orders.filter(({ refusedAt }) => refusedAt !== null).length,
    ended: ended.length,
    cancelled: ended.filter(isCancelled).length,
    openSince: waiting.reduce<number | null>(
      (first, { askedAt }) => Math.min(first ?? askedAt, askedAt),
      null,
    ),
    lastEnd: last ? { askedAt: last.askedAt, endedAt: last.endedAt! } : null,
    lastEnds: lastEnds.map((order) => ({
      at: order.endedAt!,
      cancelled: isCancelled(order),
      tookMs: order.endedAt! - order.askedAt,
    })),
  };
}

/** A broken one of these means that something was done twice for an order. */
const doubling: readonly InvariantName[] = [
  'one-charge-per-order',
  'one-message-per-event',
  'one-movement-per-reservation',
];

/**
 * Who is at an end, who is not, and who is there more than once. `listed` is every order of the drill's customer as
 * the system lists them, null when it could not be asked; `check` is the auditor's last one. `settled`: every order
 * had its time to come to its end, so who is not there is lost; else it may only be on its way.
 */
export function tallyOrders(
  orders: DrillOrder[],
  { listed, check, settled }: { listed: ListedOrder[] | null; check: CheckView | null; settled: boolean },
): DrillReport['orders'] {
  const { asked, accepted, refused } = ordersSeen(orders);
  const withStatus = (...statuses: string[]) =>
    orders.filter(({ acceptedAt, status }) => acceptedAt !== null && status && statuses.includes(status))
      .length;
  const strays = straysAmong(orders, listed);
  const gone = new Set(goneAmong(orders, listed));
  const wanting = orders.filter((order) => isOpen(order) || (order.orderId && gone.has(order.orderId)));
  const missing = [...new Set([...wanting.map(({ orderId }) => orderId!), ...strays.late])];
  const isLost = (id: string) => settled || gone.has(id);
  const lostIds = missing.filter(isLost);
  const openIds = missing.filter((id) => !isLost(id));
  const named = doubledBy(check);
  const doubled = new Set([...strays.doubled, ...named.ids]);
  return {
    asked,
    accepted,
    refused,
    paid: withStatus('PAID', 'SHIPPED', 'FULFILLED'),
    cancelled: withStatus('CANCELLED'),
    open: openIds.length,
    openIds,
    lost: lostIds.length,
    lostIds,
    doubled: doubled.size + named.unnamed,
    doubledIds: [...doubled],
  };
}

/** Orders that are to be there and are not, or are one for two keys. */
function goneAmong(orders: DrillOrder[], listed: ListedOrder[] | null): string[] {
  const there = listed && new Set(listed.map(({ id }) => id));
  const seen = new Set<string>();
  return orders.flatMap((order) => {
    const id = order.orderId;
    if (id === null) return [];
    const shared = seen.has(id);
    seen.add(id);
    return order.status === 'MISSING' || shared || (there && !there.has(id)) ? [id] : [];
  });
}

/**
 * Orders that no answer named. Each key without an answer may have placed one, which then has to come to its end as
 * any other; what is more than that is doubled. Ids grow with time, so the later ones are the copies.
 */
function straysAmong(orders: DrillOrder[], listed: ListedOrder[] | null) {
  const known = new Set(orders.map(({ orderId }) => orderId));
  const strays = (listed ?? []).filter(({ id }) => !known.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const unnamed = orders.filter(({ orderId }) => orderId === null).length;
  return {
    late: strays.filter(({ status }) => !isEnd(status)).map(({ id }) => id),
    doubled: strays.slice(unnamed).map(({ id }) => id),
  };
}

/** What the auditor found done twice; of many it names only some. */
function doubledBy(check: CheckView | null) {
  const broken = check?.invariants.filter(({ name }) => doubling.includes(name)) ?? [];
  return {
    ids: broken.flatMap(({ violations }) => violations.flatMap(({ orderId }) => orderId ?? [])),
    unnamed: broken.reduce(
      (sum, { violationCount, violations }) => sum + violationCount - violations.length,
      0,
    ),
  };
}
