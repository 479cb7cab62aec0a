import type {
  InventoryView,
  movementView,
  ProductView,
  ReservationView,
  stockView,
} from '@orderflow/contracts/http/catalogue';
import type { plainProductView } from '@orderflow/contracts/http/plain';
import { toMajorUnits } from '@orderflow/contracts/money';
import type { OrderItem } from '@orderflow/contracts/order';
import type { z } from 'zod';
import type { Movement, Prisma, Reservation } from './generated/prisma/client.ts';

export const withStock = { stock: true } as const satisfies Prisma.ProductInclude;

/** Prisma gives bigint, our own statements give numbers. */
type Whole = bigint | number;
type StockRow = { received: Whole; onHand: Whole; reserved: Whole; shipped: Whole };

export type ProductRow = {
  id: string;
  sku: string;
  name: string;
  description: string;
  price: Whole;
  currency: string;
  sellerId: string;
  imageUrl: string | null;
  active: boolean;
  sequence: number;
  createdAt: Date;
  stock: StockRow | null;
};

function toStockView({ stock }: Pick<ProductRow, 'stock'>): z.infer<typeof stockView> {
  // Made in one statement with its product.
  const { received, onHand, reserved, shipped } = stock!;
  return {
    received: Number(received),
    onHand: Number(onHand),
    reserved: Number(reserved),
    available: Number(onHand) - Number(reserved),
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

export const toInventoryView = (row: ProductRow): InventoryView => ({
  productId: row.id,
  sku: row.sku,
  name: row.name,
  ...toStockView(row),
});

export const toMovementView = (row: Movement): z.infer<typeof movementView> => ({
  id: row.id,
  productId: row.productId,
  kind: row.kind as z.infer<typeof movementView>['kind'],
  quantity: Number(row.quantity),
  orderId: row.orderId,
  note: row.note,
  actor: row.actor,
  at: row.at.toISOString(),
});

export const toReservationView = (row: Reservation): ReservationView => ({
  orderId: row.orderId,
  status: row.status as ReservationView['status'],
  items: (row.items ?? []) as OrderItem[],
  paid: row.paid,
  expiresAt: row.status === 'HELD' && !row.paid ? row.expiresAt!.toISOString() : null,
});

export const toPlainView = (row: ProductRow): z.infer<typeof plainProductView> => ({
  product_id: row.id,
  name: row.name,
  quantity: toStockView(row).available,
  reserved: toStockView(row).reserved,
  price: toMajorUnits({ amount: Number(row.price), currency: row.currency }),
});
