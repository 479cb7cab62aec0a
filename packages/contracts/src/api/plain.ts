import { z } from 'zod';
import {
  guestOrderBody,
  plainNotificationsQuery,
  plainNotificationView,
  plainOrderBody,
  plainProductView,
  plainStockBody,
} from '../http/plain.ts';
import { orderStatus } from '../order.ts';
import type { Operation } from './operation.ts';
import { anybody } from './shared.ts';

const placed = z.object({ order_id: z.string(), status: orderStatus, total: z.number() });

/** Prices and totals in major units. */
const plainOrderView = placed.extend({
  customer_name: z.string(),
  customer_email: z.string(),
  items: z.array(z.object({ product_id: z.uuid(), name: z.string(), quantity: z.int(), price: z.number() })),
  created_at: z.iso.datetime(),
});

const tag = 'Plain aliases';

export const plain = {
  plainPlaceOrder: {
    method: 'post',
    path: '/orders',
    service: 'order',
    tag,
    summary: 'Order as a guest: confirmed and charged by itself',
    who: anybody,
    body: guestOrderBody,
    success: { status: 201, schema: placed.extend({ message: z.string() }) },
    errors: ['unknown_product', 'mixed_sellers', 'mixed_currencies', 'price_changed'],
    demo: true,
  },
  plainListOrders: {
    method: 'get',
    path: '/orders',
    service: 'order',
    tag,
    summary: 'The last hundred orders',
    who: anybody,
    success: { status: 200, schema: z.array(plainOrderView) },
    demo: true,
  },
  plainGetOrder: {
    method: 'get',
    path: '/orders/{id}',
    service: 'order',
    tag,
    summary: 'An order by its id, or the caller’s own',
    who: anybody,
    params: z.object({ id: z.string().min(1).max(100) }),
    success: { status: 200, schema: plainOrderView },
    demo: true,
  },
  plainOrderOne: {
    method: 'post',
    path: '/order',
    service: 'order',
    tag,
    summary: 'Order one product by name or SKU; the caller’s order_id is an idempotency key, too',
    who: anybody,
    body: plainOrderBody,
    success: { status: 202, schema: placed.extend({ message: z.string() }) },
    errors: ['unknown_product', 'conflict'],
    idempotencyKey: true,
    demo: true,
  },
  plainListInventory: {
    method: 'get',
    path: '/inventory',
    service: 'inventory',
    tag,
    summary: 'What can still be ordered, and its price',
    who: anybody,
    success: { status: 200, schema: z.array(plainProductView) },
    demo: true,
  },
  plainSetStock: {
    method: 'post',
    path: '/inventory',
    service: 'inventory',
    tag,
    summary: 'Set the stock of a product by name or SKU',
    who: anybody,
    body: plainStockBody,
    success: { status: 200, schema: plainStockBody.extend({ message: z.string() }) },
    errors: ['conflict', 'not_found'],
    demo: true,
  },
  plainListNotifications: {
    method: 'get',
    path: '/notifications',
    service: 'notification',
    tag,
    summary: 'The last messages that were sent',
    who: anybody,
    query: plainNotificationsQuery,
    success: { status: 200, schema: z.array(plainNotificationView) },
    demo: true,
  },
} as const satisfies Record<string, Operation>;
