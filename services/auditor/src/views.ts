import {
  type AuditEventView,
  type AuditLine,
  type TimelineView,
  timelineEntry,
} from '@orderflow/contracts/http/audit';
import { withoutPaymentMethodsIn } from '@orderflow/contracts/payment-methods';
import { z } from 'zod';
import { inCausalOrder } from './domain.ts';
import type { Act, Event } from './generated/prisma/client.ts';

export type TimelineEntry = TimelineView['events'][number];

/** The columns that a timeline shows. */
export type RecordedEvent = Omit<
  Event,
  'subject' | 'orderId' | 'traceparent' | 'position' | 'byPerson' | 'data'
> & { data: unknown };

export const toEntry = (row: RecordedEvent): TimelineEntry => ({
  eventId: row.eventId,
  type: row.type,
  source: row.source,
  sequence: row.sequence,
  time: row.time.toISOString(),
  recordedAt: row.recordedAt.toISOString(),
  actor: row.actor,
  correlationId: row.correlationId,
  causationId: row.causationId,
  attempt: row.attempt,
  ...moveIn(row),
  data: withoutPaymentMethodsIn(row.data),
});

const { previousStatus, status } = timelineEntry.shape;
const move = z.object({ previousStatus, status });

/** Events from before orders said how they moved have neither status. */
const moveIn = ({ source, data }: Pick<RecordedEvent, 'source' | 'data'>) =>
  source === 'order' ? move.safeParse(data).data : undefined;

export const toTimeline = (orderId: string, rows: Event[]): TimelineView => ({
  orderId,
  events: inCausalOrder(rows).map(toEntry),
});

export const toAuditEvent = (row: Event): AuditEventView => ({
  ...toEntry(row),
  subject: row.subject,
  orderId: row.orderId,
  traceparent: row.traceparent,
});

export const eventLine = (row: Event): AuditLine => ({
  id: row.eventId,
  time: row.time.toISOString(),
  actor: row.actor,
  type: row.type,
  service: row.source,
  orderId: row.orderId,
  subject: row.subject,
  correlationId: row.correlationId,
  reason: null,
  details: withoutPaymentMethodsIn(row.data),
});

export const actLine = (row: Act): AuditLine => ({
  id: row.id,
  time: row.time.toISOString(),
  actor: row.actor,
  type: row.type,
  service: row.service,
  orderId: null,
  subject: row.service,
  correlationId: row.correlationId,
  reason: row.reason,
  details: { target: row.target, result: row.result },
});
