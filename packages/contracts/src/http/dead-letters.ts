import { z } from 'zod';
import { line, lines } from '../text.ts';
import { auditWord } from './audit.ts';
import { pageOf, pageQuery } from './page.ts';

export const deathReason = z.enum(['unreadable', 'failed', 'killed_consumer']);
const deadLetterIds = z.array(z.uuid().toLowerCase()).min(1).max(500);
const deadLetterFilter = z.strictObject({
  reason: deathReason.optional(),
  stream: line(200).optional(),
});

export const listDeadLettersQuery = pageQuery.extend({
  ...deadLetterFilter.shape,
  state: z.enum(['dead', 'discarded']).default('dead'),
});
export type ListDeadLettersQuery = z.infer<typeof listDeadLettersQuery>;

/** `POST …/redrive`: these, or all that a filter fits. */
export const deadLetterSelection = z.union([
  z.strictObject({ ids: deadLetterIds }),
  deadLetterFilter.extend({ all: z.literal(true) }),
]);
export type DeadLetterSelection = z.infer<typeof deadLetterSelection>;

export const discardDeadLettersBody = z.strictObject({
  ids: deadLetterIds,
  reason: lines(500).trim().min(1),
});
/** The same between services, with the name of the person who asked. */
export const internalDiscardBody = discardDeadLettersBody.extend({
  by: line(300).optional(),
});

export const deadLetterView = z.object({
  id: z.uuid(),
  /** Who gave up on it: the service, which is also the name of its consumer group. */
  service: z.string(),
  /** The id of the event; one made from the body when it has none. */
  key: z.string(),
  type: z.string().nullable(),
  orderId: z.uuid().nullable(),
  stream: z.string(),
  entryId: z.string(),
  reason: deathReason,
  /** Its first line. */
  error: z.string(),
  attempts: z.int(),
  diedAt: z.iso.datetime(),
  discarded: z.object({ reason: z.string(), by: z.string(), at: z.iso.datetime() }).nullable(),
});
export type DeadLetterView = z.infer<typeof deadLetterView>;

/** One with its whole error and the event as it came. */
export const deadLetterDetail = deadLetterView.extend({ body: z.string() });
export type DeadLetterDetail = z.infer<typeof deadLetterDetail>;

export const deadLetterPage = pageOf(deadLetterView);
export type DeadLetterPage = z.infer<typeof deadLetterPage>;

/** `GET /api/dead-letters`: of all services, or of one; those that did not answer are named. */
export const deadLetterOverviewQuery = listDeadLettersQuery.extend({
  service: auditWord.optional(),
  group: auditWord.optional(),
});
export const deadLetterOverview = deadLetterPage.extend({ unavailable: z.array(z.string()) });
export type DeadLetterOverview = z.infer<typeof deadLetterOverview>;

/** How many were redriven or discarded, and which ids there were no dead letters of. */
export const deadLettersMoved = z.object({ count: z.int(), missing: z.array(z.uuid()) });
export type DeadLettersMoved = z.infer<typeof deadLettersMoved>;
