import type { OrderView } from '@orderflow/contracts/http';
import { toMajorUnits } from '@orderflow/contracts/money';
import type {
  Address,
  CancelReason,
  Confirmation,
  OrderStatus,
  PaymentStatus,
} from '@orderflow/contracts/order';
import type { Prisma } from './generated/prisma/client.ts';

export const withItems = { items: { orderBy: { line: 'asc' } } } as const satisfies Prisma.OrderInclude;
type OrderRow = Prisma.OrderGetPayload<{ include: typeof withItems }>;

const money = (amount: bigint, currency: string) => ({ amount: Number(amount), currency });

/** An order as the API shows it. */
export const toView = (row: OrderRow): OrderView => ({
  id: row.id,
  reference: row.reference,
  status: row.status as OrderStatus,
  cancelReason: row.cancelReason as CancelReason | null,
  message: row.message,
  paymentStatus: row.paymentStatus as PaymentStatus,
  customer: {
    id: row.customerId,
    name: row.customerName,
    email: row.customerEmail,
    phone: row.customerPhone,
  },
  sellerId: row.sellerId,
  items: row.items.map(({ productId, sku, name, quantity, unitPrice }) => ({
    productId,
    sku,
    name,
    quantity,
    unitPrice: money(unitPrice, row.currency),
  })),
  total: money(row.total, row.currency),
  shippingAddress: row.shippingAddress as Address | null,
  trackingNumber: row.trackingNumber,
  confirmation: row.confirmation as Confirmation,
  confirmationRequested: row.confirmationRequested,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  version: row.version,
  placedAt: row.placedAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** An order as the plain aliases show it: snake case, prices in major units. */
export const toPlainView = (order: OrderView) => ({
  order_id: order.reference ?? order.id,
  status: order.status,
  customer_name: order.customer.name,
  customer_email: order.customer.email,
  items: order.items.map(({ productId, name, quantity, unitPrice }) => ({
    product_id: productId,
    name,
    quantity,
    price: toMajorUnits(unitPrice),
  })),
  total: toMajorUnits(order.total),
  created_at: order.placedAt,
});
