import { type TimelineView, timelineEntry } from '@orderflow/contracts/http';
import { z } from 'zod';
import { inCausalOrder } from './domain.ts';
import type { Event } from './generated/prisma/client.ts';

/** An event as the audit log shows it. */
export const auditEvent = timelineEntry.extend({
  subject: z.string(),
  orderId: z.uuid().nullable(),
  traceparent: z.string().nullable(),
});
export type AuditEvent = z.infer<typeof auditEvent>;

const toEntry = (row: Event): TimelineView['events'][number] => ({
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
  data: row.data,
});

export const toAuditEvent = (row: Event): AuditEvent => ({
  ...toEntry(row),
  subject: row.subject,
  orderId: row.orderId,
  traceparent: row.traceparent,
});

export const toTimeline = (orderId: string, rows: Event[]): TimelineView => ({
  orderId,
  events: inCausalOrder(rows).map(toEntry),
});
