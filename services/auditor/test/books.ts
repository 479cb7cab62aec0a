import { newId } from '@orderflow/contracts/ids';
import type {
  Backlog,
  ChargeEntry,
  OrderEntry,
  PaymentEntry,
  ReservationEntry,
  StockEntry,
} from '@orderflow/contracts/ledgers';
import type { OrderBooks } from '../src/invariants/things.ts';

type Changes = {
  order?: Partial<OrderEntry>;
  reservation?: Partial<ReservationEntry> | null;
  payment?: Partial<PaymentEntry> | null;
  bank?: Partial<ChargeEntry> | null;
  templates?: string[];
};

/** When everything in these books happened. */
export const THEN = '2026-01-02T03:04:05.678Z';
export const PRODUCT = '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10';

/** What all ledgers say of an order that was paid with a card, two of the product at 500; and what is otherwise. */
export function paidOrder(changes: Changes = {}): OrderBooks {
  const orderId = newId();
  const items = [{ productId: PRODUCT, quantity: 2 }];
  const { templates = ['order-paid'] } = changes;
  const books: OrderBooks = {
    orderId,
    orders: {
      orderId,
      status: 'PAID',
      total: 1_000,
      currency: 'EUR',
      awaitsSeller: false,
      chargedAtOnce: true,
      items,
      expiresAt: null,
      placedAt: THEN,
      updatedAt: THEN,
      ...changes.order,
    },
    messages: {
      orderId,
      messages: templates.map((template) => ({
        id: newId(),
        eventId: newId(),
        template,
        channel: 'email',
        status: 'SENT',
      })),
    },
    deliveries: {
      orderId,
      deliveries: templates.map((subject) => ({ channel: 'email', subject, recipient: 'a@b.org', count: 1 })),
    },
  };
  if (changes.reservation !== null) {
    books.reservations = {
      orderId,
      status: 'HELD',
      items,
      movements: [{ productId: PRODUCT, kind: 'RESERVED', count: 1, quantity: 2 }],
      expiresAt: THEN,
      updatedAt: THEN,
      ...changes.reservation,
    };
  }
  if (changes.payment !== null) {
    books.payments = {
      orderId,
      status: 'CAPTURED',
      amount: 1_000,
      currency: 'EUR',
      captured: 1_000,
      refunded: 0,
      unknownOutcome: false,
      updatedAt: THEN,
      ...changes.payment,
    };
  }
  if (changes.bank !== null) {
    books.charges = {
      orderId,
      charges: 1,
      refunds: 0,
      captured: 1_000,
      refunded: 0,
      currency: 'EUR',
      ...changes.bank,
    };
  }
  return books;
}

/** Ten came in, two are held, one was shipped. */
export const someStock = (changes: Partial<StockEntry> = {}): StockEntry => ({
  productId: PRODUCT,
  sku: 'TEA',
  received: 10,
  onHand: 9,
  reserved: 2,
  shipped: 1,
  ledger: { received: 10, reserved: 2, shipped: 1 },
  held: 2,
  ...changes,
});

const empty = { count: 0, oldest: null, some: [] };

export const noBacklog = (changes: Partial<Backlog> = {}): Backlog => ({
  outbox: empty,
  pending: empty,
  retries: empty,
  deadLetters: empty,
  ...changes,
});
