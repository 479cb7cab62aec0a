import { z } from 'zod';

/** Names of the invariants, as metrics, alerts and reports use them. What each means is in the auditor's table. */
export const invariantName = z.enum([
  'orders-end-in-time',
  'money-is-what-orders-owe',
  'bank-agrees-with-payment',
  'one-charge-per-order',
  'no-blocked-payments',
  'stock-columns-match-ledger',
  'reservations-match-orders',
  'one-movement-per-reservation',
  'one-message-per-event',
  'customers-are-told',
  'every-charge-has-its-order',
  'charges-name-orders',
  'rows-of-orders-are-readable',
  'rows-of-products-are-readable',
  'orders-match-events',
  'reservations-match-events',
  'payments-match-events',
  'messages-match-events',
  'products-match-events',
  'mail-arrives-as-written',
  'mail-about-no-order-was-asked-for',
  'events-have-no-holes',
  'events-arrive',
  'events-are-as-written',
  'outboxes-drain',
  'consumers-keep-up',
  'no-dead-letters',
]);
export type InvariantName = z.infer<typeof invariantName>;

/** `unknown`: a ledger it needs could not be read. It never counts as holding. */
export const invariantStatus = z.enum(['holds', 'broken', 'unknown']);

/** One thing that is wrong: what it is about, and the rows that say so. */
export const violationView = z.object({
  invariant: invariantName,
  /** An order's id, a product's, `outbox of order`: the same thing keeps its name while it is wrong. */
  subject: z.string(),
  orderId: z.guid().nullable(),
  /** A sentence with both figures. */
  detail: z.string(),
  /** The rows, from the ledgers they are of. */
  rows: z.record(z.string(), z.unknown()),
  beganAt: z.iso.datetime({ offset: true }),
  endedAt: z.iso.datetime({ offset: true }).nullable(),
});
export type ViolationView = z.infer<typeof violationView>;

export const invariantView = z.object({
  name: invariantName,
  sentence: z.string(),
  /** The ledgers it reads. */
  reads: z.array(z.string()),
  status: invariantStatus,
  /** Since when it has had this status. */
  since: z.iso.datetime({ offset: true }),
  checkedAt: z.iso.datetime({ offset: true }).nullable(),
  /** Why it is unknown. */
  reason: z.string().nullable(),
  /** Those that last; the first twenty. */
  violations: z.array(violationView),
  violationCount: z.int(),
});
export type InvariantView = z.infer<typeof invariantView>;

/** `GET /api/invariants`: as the continuous check has them. */
export const invariantsView = z.object({
  status: invariantStatus,
  invariants: z.array(invariantView),
  /** How far the continuous check is. */
  progress: z.object({
    ordersChecked: z.int(),
    /** When it last went through every order there is, old ones too. */
    sweptAt: z.iso.datetime({ offset: true }).nullable(),
    roundSeconds: z.number(),
  }),
});
export type InvariantsView = z.infer<typeof invariantsView>;

/**
 * `POST /api/invariants/checks`: a check now, of orders placed since a time, or of all. What is allowed to be under
 * way is not when it began before `settledBy`: with the present time, everything must have come to rest.
 */
export const checkBody = z.strictObject({
  since: z.iso.datetime({ offset: true }).optional(),
  settledBy: z.iso.datetime({ offset: true }).optional(),
});
export const checkView = z.object({
  status: invariantStatus,
  checkedAt: z.iso.datetime({ offset: true }),
  seconds: z.number(),
  orders: z.int(),
  invariants: z.array(invariantView.omit({ since: true, checkedAt: true })),
});
export type CheckView = z.infer<typeof checkView>;

/** `GET /api/invariants/violations`: those that last and those that are over, newest first. */
export const listViolationsQuery = z.object({
  invariant: invariantName.optional(),
  orderId: z.uuid().optional(),
  open: z.enum(['true', 'false']).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
