import type { Envelope } from '@orderflow/contracts/envelope';
import { isEventType, producers } from '@orderflow/contracts/events';
import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';

const known: readonly string[] = producers;

export function createAuditMetrics({ registry }: Metrics) {
  const recorded = new Counter({
    name: 'audit_events_recorded_total',
    help: 'Events recorded for the first time; types and sources that nobody has heard of count as "other"',
    labelNames: ['type', 'source'],
    registers: [registry],
  });
  const delay = new Histogram({
    name: 'audit_recording_delay_seconds',
    help: 'Time from an event being written by its producer to it being recorded',
    labelNames: ['source'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120],
    registers: [registry],
  });

  return {
    countRecorded(events: Envelope[]): void {
      const now = Date.now();
      for (const event of events) {
        const source = known.includes(event.source) ? event.source : 'other';
        recorded.inc({ type: isEventType(event.type) ? event.type : 'other', source });
        delay.observe({ source }, Math.max(0, now - Date.parse(event.time)) / 1000);
      }
    },
  };
}

export type AuditMetrics = ReturnType<typeof createAuditMetrics>;

/** The series of the live streams. */
export const createLiveMetrics = ({ registry }: Metrics) => ({
  open: new Gauge({
    name: 'audit_live_streams',
    help: 'Open streams of live events',
    registers: [registry],
  }),
  ended: new Counter({
    name: 'audit_live_streams_ended_total',
    help: 'Streams that ended: the client left, was too slow, its time was up, or the service stopped',
    labelNames: ['why'],
    registers: [registry],
  }),
  refused: new Counter({
    name: 'audit_live_streams_refused_total',
    help: 'Streams refused: their account had its share (each), or all together had (total)',
    labelNames: ['why'],
    registers: [registry],
  }),
});

/** The series of the requests that wait for an order. */
export const createWaitMetrics = ({ registry }: Metrics) => ({
  waiting: new Gauge({
    name: 'audit_order_waiters',
    help: 'Requests that wait for an order which was placed a moment ago',
    registers: [registry],
  }),
  ended: new Counter({
    name: 'audit_order_waits_total',
    help: 'Requests that waited for an order: it came (found), it did not (expired), or the client left; or refused',
    labelNames: ['outcome'],
    registers: [registry],
  }),
});
