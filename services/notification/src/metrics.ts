import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge } from 'prom-client';

export const createNotificationMetrics = ({ registry }: Metrics) => ({
  messages: new Counter({
    name: 'notification_messages_total',
    help: 'Attempts to send, by what came of them: sent, postponed, rejected, failed',
    labelNames: ['channel', 'template', 'outcome'],
    registers: [registry],
  }),
  backlog: new Gauge({
    name: 'notification_backlog_messages',
    help: 'Messages that are PENDING, WAITING for a contact, or FAILED for good',
    labelNames: ['status'],
    registers: [registry],
  }),
  oldest: new Gauge({
    name: 'notification_oldest_unsent_seconds',
    help: 'Age of the oldest message that is PENDING or WAITING; 0 when there is none',
    labelNames: ['status'],
    registers: [registry],
  }),
});
export type NotificationMetrics = ReturnType<typeof createNotificationMetrics>;
