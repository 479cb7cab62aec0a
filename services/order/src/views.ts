import type { OrderView } from '@orderflow/contracts/http/orders';
import { toMajorUnits } from '@orderflow/contracts/money';
import type {
  Address,
  CancelReason,
  Confirmation,
  DisputeStatus,
  OrderStatus,
  PaymentStatus,
} from '@orderflow/contracts/order';
import type { Prisma } from './generated/prisma/client.ts';

/** What a query of orders is to give for `toView`. */
export const asOrderRows = {
  include: { items: { orderBy: { line: 'asc' }, omit: { search: true } } },
} as const satisfies Prisma.OrderDefaultArgs;

type PrismaRow = Prisma.OrderGetPayload<typeof asOrderRows>;
type PrismaItem = PrismaRow['items'][number];

/** What an order's view is made of, by Prisma or by SQL: they give bigint in types of their own. */
export type OrderRow = Omit<
  PrismaRow,
  | 'items'
  | 'total'
  | 'refundedAtProvider'
  | 'providerSequence'
  | 'guest'
  | 'paymentMethod'
  | 'sequence'
  | 'correlationId'
> & {
  total: bigint | number;
  refundedAtProvider: bigint | number;
  items: (Pick<PrismaItem, 'productId' | 'sku' | 'name' | 'quantity'> & { unitPrice: bigint | number })[];
};

const money = (amount: bigint | number, currency: string) => ({ amount: Number(amount), currency });

/** An order as the API shows it. */
export const toView = (row: OrderRow): OrderView => ({
  id: row.id,
  reference: row.reference,
  status: row.status as OrderStatus,
  cancelReason: row.cancelReason as CancelReason | null,
  message: row.message,
  paymentStatus: row.paymentStatus as PaymentStatus,
  refundedAtProvider: Number(row.refundedAtProvider) > 0 ? money(row.refundedAtProvider, row.currency) : null,
  dispute: row.dispute as DisputeStatus | null,
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
