import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';

/** The series of the relay, for one service. */
export const createRelayMetrics = ({ registry }: Metrics) => ({
  published: new Counter({
    name: 'messaging_events_published_total',
    help: 'Outbox rows appended to the stream, repeats included',
    registers: [registry],
  }),
  replays: new Counter({
    name: 'messaging_stream_replays_total',
    help: 'Times the stream had lost entries and the outbox was published again',
    registers: [registry],
  }),
  outboxRows: new Gauge({
    name: 'messaging_outbox_unpublished_rows',
    help: 'Outbox rows that wait for the relay',
    registers: [registry],
  }),
  outboxAge: new Gauge({
    name: 'messaging_outbox_oldest_seconds',
    help: 'Age of the oldest unpublished outbox row',
    registers: [registry],
  }),
  leader: new Gauge({
    name: 'messaging_relay_leader',
    help: '1 while this replica holds the relay lease',
    registers: [registry],
  }),
  memoryShare: new Gauge({
    name: 'messaging_redis_memory_used_share',
    help: 'Share of its maxmemory that Redis uses; 0 when it has none',
    registers: [registry],
  }),
  heldBack: new Gauge({
    name: 'messaging_relay_held_back',
    help: '1 while events wait in the outbox because Redis is full, or nearly',
    registers: [registry],
  }),
  cutLoose: new Counter({
    name: 'messaging_groups_cut_loose_total',
    help: 'Times the stream was trimmed without a background group that lagged while Redis filled up',
    labelNames: ['group'],
    registers: [registry],
  }),
});
export type RelayMetrics = ReturnType<typeof createRelayMetrics>;

/** The series of a consumer group. */
export const createConsumerMetrics = ({ registry }: Metrics) => ({
  handled: new Counter({
    name: 'messaging_events_handled_total',
    help: 'Events by what became of them: handled, ignored, retried, set aside, dead',
    labelNames: ['type', 'outcome'],
    registers: [registry],
  }),
  duplicates: new Counter({
    name: 'messaging_events_duplicate_total',
    help: 'Events of those handled that had been handled before, and had no second effect',
    registers: [registry],
  }),
  batchDuration: new Histogram({
    name: 'messaging_batch_duration_seconds',
    help: 'Time from reading a batch to its commit',
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [registry],
  }),
  delay: new Histogram({
    name: 'messaging_event_delay_seconds',
    help: 'Time from an event being written to its effect being committed',
    labelNames: ['type'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120],
    registers: [registry],
  }),
  pending: new Gauge({
    name: 'messaging_pending_entries',
    help: 'Entries delivered to the group and not acknowledged',
    labelNames: ['stream'],
    registers: [registry],
  }),
  oldestPending: new Gauge({
    name: 'messaging_oldest_unacknowledged_seconds',
    help: 'Age of the oldest entry that the group has not acknowledged',
    labelNames: ['stream'],
    registers: [registry],
  }),
  lag: new Gauge({
    name: 'messaging_stream_lag_entries',
    help: 'Entries the group has not read; absent while Redis cannot tell',
    labelNames: ['stream'],
    registers: [registry],
  }),
  retries: new Gauge({
    name: 'messaging_retries_waiting',
    help: 'Events that wait for another attempt',
    registers: [registry],
  }),
  deadLetters: new Gauge({
    name: 'messaging_dead_letters',
    help: 'Events given up on that nobody has redriven or discarded',
    registers: [registry],
  }),
  catchingUp: new Gauge({
    name: 'messaging_catching_up',
    help: 'Types of events that the group has still to read from an outbox',
    registers: [registry],
  }),
});
export type ConsumerMetrics = ReturnType<typeof createConsumerMetrics>;

/** The series of the loops that forget old rows. */
export function createForgettingMetrics({ registry }: Metrics) {
  /** When the oldest row of a table is past its time. */
  const dueAt = new Map<string, number>();
  new Gauge({
    name: 'messaging_overdue_rows_oldest_seconds',
    help: 'How long the oldest row of a table is past its time; 0 while none is',
    labelNames: ['table'],
    registers: [registry],
    // As of now, not of the last round: it grows while no round succeeds.
    collect() {
      for (const [table, at] of dueAt) this.set({ table }, Math.max(0, Date.now() - at) / 1000);
    },
  });
  return {
    forgotten: new Counter({
      name: 'messaging_rows_forgotten_total',
      help: 'Rows that were deleted because they were past their time',
      labelNames: ['table'],
      registers: [registry],
    }),
    setOldest(table: string, writtenAt: Date | null, keptMs: number): void {
      dueAt.set(table, writtenAt ? writtenAt.getTime() + keptMs : Number.POSITIVE_INFINITY);
    },
  };
}
