import type { OrderView } from '@orderflow/contracts/http/orders';
import type { Confirmation } from '@orderflow/contracts/order';
import type { Draft } from '@orderflow/messaging/outbox';
import type { NewOrder } from './new-order.ts';
import type { PricedOrder } from './pricing.ts';

/** An order with the prices and the confirmation it is placed with. */
export type Accepted = { order: NewOrder; priced: PricedOrder; confirmation: Confirmation };

/** Its row of `orders`. */
export const orderRow = ({ order, priced, confirmation }: Accepted) => ({
  id: order.id,
  reference: order.reference,
  customerId: order.customer.id,
  name: order.customer.name,
  email: order.customer.email,
  phone: order.customer.phone,
  guest: order.guest,
  sellerId: priced.sellerId,
  paymentMethod: order.paymentMethod,
  confirmation,
  currency: priced.total.currency,
  total: priced.total.amount,
  shippingAddress: order.shippingAddress,
  sequence: confirmation === 'automatic' ? 2 : 1,
  correlationId: order.cause.correlationId,
});

/** Its rows of `order_items`. */
export const itemRows = ({ order, priced }: Accepted) =>
  priced.lines.map((line, i) => ({
    order_id: order.id,
    line: i + 1,
    product_id: line.productId,
    sku: line.sku,
    name: line.name,
    quantity: line.quantity,
    unit_price: line.unitPrice.amount,
    search: searchText([line.name, line.sku, ...(i === 0 ? wordsOf(order) : [])]),
  }));

/** The first line stands for the whole order. */
const wordsOf = ({ reference, customer }: NewOrder) => [reference, customer.name, customer.email];

/** A line for each text, so that no match runs over from one into the next. */
const searchText = (texts: (string | undefined)[]): string =>
  texts
    .filter((text) => text !== undefined)
    .join('\n')
    .toLowerCase();

/** As the API shows it, without reading it back: what was placed is known. */
export const toPlacedView = ({ order, priced, confirmation }: Accepted, placedAt: Date): OrderView => ({
  id: order.id,
  reference: order.reference ?? null,
  status: 'PENDING',
  cancelReason: null,
  message: null,
  paymentStatus: 'NONE',
  refundedAtProvider: null,
  dispute: null,
  customer: { ...order.customer, phone: order.customer.phone ?? null },
  sellerId: priced.sellerId,
  items: priced.lines,
  total: priced.total,
  shippingAddress: order.shippingAddress ?? null,
  trackingNumber: null,
  confirmation,
  confirmationRequested: confirmation === 'automatic',
  expiresAt: null,
  version: 1,
  placedAt: placedAt.toISOString(),
  updatedAt: placedAt.toISOString(),
});

/** What the others are told of it. */
export function draftsOf({ order, priced, confirmation }: Accepted): Draft[] {
  const { id: orderId, customer, cause, shippingAddress, guest } = order;
  const { lines: items, total, sellerId } = priced;
  const about = { subject: orderId, orderId, cause };
  const placed: Draft = {
    ...about,
    type: 'order.placed',
    sequence: 1,
    data: {
      orderId,
      customer,
      sellerId,
      items,
      total,
      shippingAddress,
      confirmation,
      guest,
      previousStatus: null,
      status: 'PENDING',
    },
  };
  if (confirmation === 'seller') return [placed];
  const wanted = items.map(({ productId, quantity }) => ({ productId, quantity }));
  return [
    placed,
    {
      ...about,
      type: 'order.confirmation-requested',
      sequence: 2,
      data: { orderId, items: wanted, previousStatus: 'PENDING', status: 'PENDING' },
    },
  ];
}
