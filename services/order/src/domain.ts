import type { EventType } from '@orderflow/contracts/events';
import type { Money } from '@orderflow/contracts/money';
import type {
  CancelReason,
  DisputeStatus,
  OrderItem,
  OrderStatus,
  PaymentStatus,
} from '@orderflow/contracts/order';
import type { Draft } from '@orderflow/messaging/outbox';
import { ProblemError } from '@orderflow/service-kit/problem';

/** The life of an order: where it can go from where it is. Every move is checked against this table. */
export const moves = {
  PENDING: ['CONFIRMED', 'CANCELLED'],
  CONFIRMED: ['PAID', 'CANCELLED'],
  PAID: ['SHIPPED', 'CANCELLED'],
  SHIPPED: ['FULFILLED'],
  FULFILLED: [],
  CANCELLED: [],
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

export const canMove = (from: OrderStatus, to: OrderStatus): boolean =>
  (moves[from] as readonly OrderStatus[]).includes(to);

/** What decisions about an order rest on. */
export type Order = {
  id: string;
  customerId: string;
  sellerId: string;
  status: OrderStatus;
  cancelReason: CancelReason | null;
  message: string | null;
  paymentStatus: PaymentStatus;
  paymentMethod: string | null;
  confirmationRequested: boolean;
  total: Money;
  trackingNumber: string | null;
  expiresAt: Date | null;
  /** What went back by hand at the payment provider, in all, and a dispute there. */
  refundedAtProvider: number;
  dispute: DisputeStatus | null;
  /** Number of the event that said so; 0 before the first. */
  providerSequence: number;
};

/** The order after a decision, and the events that tell of it. */
export type Decision = { order: Order; events: Told[] };

/** An event's type and data; who, when and in which sequence is added when it is written down. */
export type Told = { [D in Draft as D['type']]: Pick<D, 'type' | 'data'> }[EventType];

function mustMove(order: Order, to: OrderStatus): void {
  if (canMove(order.status, to)) return;
  throw new ProblemError('illegal_move', `The order is ${order.status} and cannot become ${to}.`);
}

/** What each event of an order says of its status. */
export const moveTo = (order: Order, status: OrderStatus) => ({ previousStatus: order.status, status });

/** The seller takes the order: its items are to be reserved. */
export function confirm(order: Order, items: OrderItem[]): Decision {
  mustMove(order, 'CONFIRMED');
  if (order.confirmationRequested) {
    throw new ProblemError(
      'illegal_move',
      'The order is being confirmed already; read it again in a moment.',
    );
  }
  return {
    order: { ...order, confirmationRequested: true },
    events: [
      {
        type: 'order.confirmation-requested',
        data: { orderId: order.id, items, ...moveTo(order, order.status) },
      },
    ],
  };
}

/** Stock and money go back; nothing is due and nothing is held from now on. */
export function cancel(order: Order, reason: CancelReason, message?: string): Decision {
  mustMove(order, 'CANCELLED');
  return {
    order: {
      ...order,
      status: 'CANCELLED',
      cancelReason: reason,
      message: message ?? null,
      paymentStatus: order.paymentStatus === 'DUE' ? 'NONE' : order.paymentStatus,
      expiresAt: null,
    },
    events: [
      {
        type: 'order.cancelled',
        data: { orderId: order.id, reason, message, ...moveTo(order, 'CANCELLED') },
      },
    ],
  };
}

export function ship(order: Order, trackingNumber?: string): Decision {
  mustMove(order, 'SHIPPED');
  return {
    order: { ...order, status: 'SHIPPED', trackingNumber: trackingNumber ?? null },
    events: [
      { type: 'order.shipped', data: { orderId: order.id, trackingNumber, ...moveTo(order, 'SHIPPED') } },
    ],
  };
}

export function fulfill(order: Order): Decision {
  mustMove(order, 'FULFILLED');
  return {
    order: { ...order, status: 'FULFILLED' },
    events: [{ type: 'order.fulfilled', data: { orderId: order.id, ...moveTo(order, 'FULFILLED') } }],
  };
}
