import type { movementView, ProductView, stockView } from '@orderflow/contracts/http';
import { toMajorUnits } from '@orderflow/contracts/money';
import type { OrderItem } from '@orderflow/contracts/order';
import type { z } from 'zod';
import type { ReservationStatus } from './domain.ts';
import type { Movement, Prisma, Reservation } from './generated/prisma/client.ts';
import type { MovementKind } from './stock.ts';

export const withStock = { stock: true } as const satisfies Prisma.ProductInclude;
type ProductRow = Prisma.ProductGetPayload<{ include: typeof withStock }>;

function toStockView({ stock }: ProductRow): z.infer<typeof stockView> {
  // Made in one statement with its product.
  const { received, onHand, reserved, shipped } = stock!;
  return {
    received: Number(received),
    onHand: Number(onHand),
    reserved: Number(reserved),
    available: Number(onHand - reserved),
    shipped: Number(shipped),
  };
}

/** A product as the API shows it. */
export const toProductView = (row: ProductRow): ProductView => ({
  id: row.id,
  sku: row.sku,
  name: row.name,
  description: row.description,
  price: { amount: Number(row.price), currency: row.currency },
  sellerId: row.sellerId,
  imageUrl: row.imageUrl,
  active: row.active,
  stock: toStockView(row),
  version: row.sequence,
  createdAt: row.createdAt.toISOString(),
});

/** A product's stock, with what people know it by. */
export const toInventoryView = (row: ProductRow) => ({
  productId: row.id,
  sku: row.sku,
  name: row.name,
  ...toStockView(row),
});

export const toMovementView = (row: Movement): z.infer<typeof movementView> => ({
  id: row.id,
  productId: row.productId,
  kind: row.kind as MovementKind,
  quantity: Number(row.quantity),
  orderId: row.orderId,
  note: row.note,
  at: row.at.toISOString(),
});

export const toReservationView = (row: Reservation) => ({
  orderId: row.orderId,
  status: row.status as ReservationStatus,
  items: (row.items ?? []) as OrderItem[],
  paid: row.paid,
  /** Null when the hold has no end: it is paid, or nothing is held. */
  expiresAt: row.status === 'HELD' && !row.paid ? row.expiresAt!.toISOString() : null,
});

/** A product as the plain aliases show it: snake case, the price in major units. */
export const toPlainView = (row: ProductRow) => ({
  product_id: row.id,
  name: row.name,
  quantity: toStockView(row).available,
  reserved: toStockView(row).reserved,
  price: toMajorUnits({ amount: Number(row.price), currency: row.currency }),
});
