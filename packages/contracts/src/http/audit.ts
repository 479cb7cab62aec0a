import { z } from 'zod';
import { orderStatus } from '../order.ts';
import { moment } from '../time.ts';
import { pageQuery } from './page.ts';

export const timelineEntry = z.object({
  eventId: z.uuid(),
  type: z.string(),
  source: z.string(),
  sequence: z.int(),
  time: z.iso.datetime(),
  recordedAt: z.iso.datetime(),
  actor: z.string(),
  correlationId: z.string(),
  causationId: z.uuid().nullable(),
  attempt: z.int(),
  /** Of an order's own events: where it was before, null for none, and where it is now. */
  previousStatus: orderStatus.nullable().optional(),
  status: orderStatus.optional(),
  data: z.unknown(),
});
export const timelineView = z.object({ orderId: z.uuid(), events: z.array(timelineEntry) });
export type TimelineView = z.infer<typeof timelineView>;

/** An event as `GET /api/audit/events` shows it. */
export const auditEventView = timelineEntry.extend({
  subject: z.string(),
  orderId: z.uuid().nullable(),
  traceparent: z.string().nullable(),
});
export type AuditEventView = z.infer<typeof auditEventView>;

/** A type, a service or an id in a query. */
export const auditWord = z.string().regex(/^[\w.:-]{1,100}$/, 'must be letters, digits and any of . : _ -');

export const listAuditEventsQuery = pageQuery.extend({
  type: auditWord.optional(),
  source: auditWord.optional(),
  orderId: z.uuid().optional(),
  correlationId: auditWord.optional(),
});

/**
 * `GET /api/audit`: who did what when; `from` is the first moment, `to` the first one after. A date alone is its first
 * moment in UTC.
 */
export const listAuditQuery = pageQuery.extend({
  actor: z.string().min(1).max(300).optional(),
  type: auditWord.optional(),
  orderId: z.uuid().optional(),
  from: moment.optional(),
  to: moment.optional(),
});

/** Something that a person, or one of the system's own parts by the internal token, did. */
export const auditLine = z.object({
  id: z.uuid(),
  time: z.iso.datetime(),
  actor: z.string(),
  /** The type of the event that tells of it, or what was done to dead letters. */
  type: z.string(),
  service: z.string(),
  orderId: z.uuid().nullable(),
  subject: z.string(),
  correlationId: z.string(),
  reason: z.string().nullable(),
  details: z.unknown(),
});
export type AuditLine = z.infer<typeof auditLine>;
