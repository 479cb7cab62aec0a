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
  const { templates = ['order-paid'] } = changes;
  const sent = templates.map((template) => ({ template, id: newId() }));
  const correlationId = newId();
  const books: OrderBooks = {
    orderId,
    orders: {
      orderId,
      status: 'PAID',
      cancelReason: null,
      message: null,
      trackingNumber: null,
      paymentStatus: 'CAPTURED',
      refundedAtProvider: 0,
      dispute: null,
      paymentMethod: 'pm_card_visa',
      confirmation: 'automatic',
      confirmationRequested: true,
      customerId: newId(),
      customerName: 'Ada',
      customerEmail: 'a@b.org',
      customerPhone: null,
      guest: false,
      sellerId: 'shop',
      shippingAddress: null,
      correlationId,
      sequence: 4,
      total: 1_000,
      currency: 'EUR',
      awaitsSeller: false,
      chargedAtOnce: true,
      items: [{ line: 1, productId: PRODUCT, quantity: 2, sku: 'TEA', name: 'Tea', unitPrice: 500 }],
      expiresAt: null,
      placedAt: THEN,
      updatedAt: THEN,
      ...changes.order,
    },
    messages: {
      orderId,
      customerId: null,
      contact: null,
      messages: sent.map(({ id, template }) => ({
        ...{ id, template, correlationId, words: template },
        eventId: newId(),
        channel: 'email',
        status: 'SENT',
        refused: false,
        recipient: 'a@b.org',
      })),
    },
    deliveries: {
      orderId,
      deliveries: sent.map(({ id, template }) => ({
        ...{ messageId: `<${id}@orderflow>`, subject: template, words: template },
        channel: 'email',
        recipient: 'a@b.org',
      })),
    },
  };
  if (changes.reservation !== null) {
    books.reservations = {
      orderId,
      status: 'HELD',
      items: [{ productId: PRODUCT, quantity: 2 }],
      movements: [{ productId: PRODUCT, kind: 'RESERVED', count: 1, quantity: 2 }],
      expiresAt: THEN,
      paid: true,
      shipped: false,
      expiryAnnounced: false,
      correlationId,
      sequence: 1,
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
      paymentId: newId(),
      customerId: null,
      sellerId: null,
      paymentMethod: 'pm_card_visa',
      providerReference: 'ch_1',
      refundReference: changes.payment?.refunded ? 're_2' : null,
      declineCode: null,
      blocked: null,
      resolution: null,
      refundedOutside: 0,
      dispute: null,
      cancelled: false,
      callDue: false,
      correlationId,
      cancelCorrelationId: null,
      sequence: 1,
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
      rows: bankRows(orderId, changes.bank),
      ...changes.bank,
    };
  }
  return books;
}

/** A charge, and its refund where there is one. */
function bankRows(orderId: string, { refunded = 0 }: Partial<ChargeEntry> = {}): ChargeEntry['rows'] {
  const common = { amount: 1_000, currency: 'EUR', declineCode: null };
  const charge = { ...common, id: 'ch_1', kind: 'charge', key: `charge-${orderId}`, refunded, charge: null };
  const refund = { ...common, id: 're_2', kind: 'refund', key: `refund-${orderId}`, refunded: 0 };
  return [
    { ...charge, paymentMethod: 'pm_card_visa' },
    ...(refunded > 0 ? [{ ...refund, charge: 'ch_1', paymentMethod: null }] : []),
  ];
}

/** Ten came in, two are held, one was shipped. */
export const someStock = (changes: Partial<StockEntry> = {}): StockEntry => ({
  productId: PRODUCT,
  sku: 'TEA',
  received: 10,
  onHand: 9,
  reserved: 2,
  shipped: 1,
  name: 'Tea',
  price: 500,
  currency: 'EUR',
  sellerId: 'shop',
  active: true,
  sequence: 1,
  updatedAt: THEN,
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
