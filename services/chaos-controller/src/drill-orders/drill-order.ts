import type { OrderView } from '@orderflow/contracts/http/orders';

/** One order of the drill's own, as it was asked for and as it went. Times are epoch milliseconds. */
export type DrillOrder = {
  /** Its number in the drill, from 1. */
  n: number;
  /** The idempotency key of every try. */
  key: string;
  /** When it was due: a try that had to wait makes the order slower, as it does for people. */
  askedAt: number;
  tries: number;
  /** Null until some answer named it. */
  orderId: string | null;
  acceptedAt: number | null;
  refusedAt: number | null;
  /** What the last try said. */
  refusal: string | null;
  /** As last read; `MISSING` when it was accepted and is not there. */
  status: OrderView['status'] | 'MISSING' | null;
  endedAt: number | null;
};

export const newDrillOrder = (drillId: string, n: number, askedAt: number): DrillOrder => ({
  n,
  key: `drill-${drillId}-${n}`,
  askedAt,
  tries: 0,
  orderId: null,
  acceptedAt: null,
  refusedAt: null,
  refusal: null,
  status: null,
  endedAt: null,
});

/** Paid is the end of an order that nobody ships; the later ones are somebody's doing by hand. */
const ends: readonly string[] = ['PAID', 'SHIPPED', 'FULFILLED', 'CANCELLED'];
export const isEnd = (status: string): boolean => ends.includes(status);

/** Nobody knows yet whether it was accepted. */
export const isUnanswered = ({ acceptedAt, refusedAt }: DrillOrder) =>
  acceptedAt === null && refusedAt === null;

/** It is there, or was said to be, and has still to come to its end. */
export const isOpen = ({ orderId, endedAt }: DrillOrder) => orderId !== null && endedAt === null;

/** The changes that reading the order makes to what is known of it; undefined when it was not found. */
export function asRead(
  order: DrillOrder,
  view: Pick<OrderView, 'status' | 'updatedAt'> | undefined,
  now: number,
): Partial<DrillOrder> {
  if (!view) return { status: 'MISSING' };
  if (!isEnd(view.status)) return { status: view.status };
  // When it happened, not when it was noticed; another machine's clock may be off, so within what is possible.
  const endedAt = Math.min(now, Math.max(order.askedAt, Date.parse(view.updatedAt)));
  return { status: view.status, endedAt };
}
