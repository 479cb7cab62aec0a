import type { OrderStatus } from '@orderflow/contracts/order';
import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Histogram } from 'prom-client';
import type { Order } from './domain.ts';

export function createOrderMetrics({ registry }: Metrics) {
  const placed = new Counter({ name: 'orders_placed_total', help: 'Orders accepted', registers: [registry] });
  const moved = new Counter({
    name: 'order_moves_total',
    help: 'Moves of orders, by where to and, for CANCELLED, why',
    labelNames: ['to', 'reason'],
    registers: [registry],
  });
  const sagaDuration = new Histogram({
    name: 'order_saga_duration_seconds',
    help: 'Time from an order being placed to it being paid or cancelled',
    labelNames: ['outcome'],
    // A saga with a seller in it takes minutes.
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300, 1800, 7200],
    registers: [registry],
  });
  const cache = new Counter({
    name: 'order_cache_operations_total',
    help: 'Orders read from, stored in and dropped from Redis, by what came of it',
    labelNames: ['operation', 'outcome'],
    registers: [registry],
  });
  const ends: Partial<Record<OrderStatus, string>> = { PAID: 'paid', CANCELLED: 'cancelled' };

  return {
    placed,
    cache,
    countMove(before: Order & { placedAt: Date }, after: Order): void {
      if (before.status === after.status) return;
      moved.inc({ to: after.status, reason: after.cancelReason ?? '' });
      const outcome = ends[after.status];
      // A paid order that is cancelled later has been at the end of its saga before.
      if (outcome && before.status !== 'PAID')
        sagaDuration.observe({ outcome }, (Date.now() - before.placedAt.getTime()) / 1000);
    },
  };
}

export type OrderMetrics = ReturnType<typeof createOrderMetrics>;
