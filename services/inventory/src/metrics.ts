import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge } from 'prom-client';

export function createInventoryMetrics({ registry }: Metrics) {
  return {
    reservations: new Counter({
      name: 'inventory_reservations_total',
      help: 'What became of reservations: reserved, rejected, released, shipped, expired',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    movements: new Counter({
      name: 'inventory_movements_total',
      help: 'Movements written to the ledger, by kind',
      labelNames: ['kind'],
      registers: [registry],
    }),
    stock: new Gauge({
      name: 'inventory_stock_items',
      help: 'Items of all products together: available, reserved',
      labelNames: ['state'],
      registers: [registry],
    }),
  };
}

export type InventoryMetrics = ReturnType<typeof createInventoryMetrics>;

type WatchOptions = { db: Database; metrics: InventoryMetrics; log: Logger; everyMs?: number };

/** Measures the stock of all products together every few seconds, so that /metrics never waits for Postgres. */
export function watchStock({ db, metrics, log, everyMs = 5_000 }: WatchOptions) {
  async function measure(): Promise<void> {
    const [sum] = await db.query<{ available: string; reserved: string }>(
      'SELECT coalesce(sum(on_hand - reserved), 0) AS available, coalesce(sum(reserved), 0) AS reserved FROM stock',
    );
    metrics.stock.set({ state: 'available' }, Number(sum!.available));
    metrics.stock.set({ state: 'reserved' }, Number(sum!.reserved));
  }

  const timer = setInterval(() => {
    measure().catch((error) => log.debug({ error: error.message }, 'cannot measure the stock now'));
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
