import { z } from 'zod';
import { checkView, invariantStatus } from './invariants.ts';

const seconds = (least: number, most: number) => z.int().min(least).max(most);
const time = z.iso.datetime({ offset: true });

/** What has processes of its own: a pod's, in a cluster. */
export const drillable = z.enum([
  'order',
  'inventory',
  'payment',
  'notification',
  'customer',
  'auditor',
  'gateway',
  'bank',
  'postbox',
]);

/** What a drill aims at. `postgres` is the one of `service`; on one machine all services share a server. */
export const drillTarget = z
  .strictObject({
    kind: z.enum(['service', 'postgres', 'redis']),
    service: drillable.optional(),
  })
  .refine(({ kind, service }) => (kind === 'redis') === (service === undefined), {
    message: 'Name a service for the kinds service and postgres, and none for redis.',
  });
export type DrillTarget = z.infer<typeof drillTarget>;

export const faultType = z.enum([
  /** By the eviction API, which honours PodDisruptionBudgets; on one machine SIGTERM. */
  'evict',
  /** With the pod's own time to end; on one machine SIGTERM. */
  'delete',
  /** With one second to end; on one machine SIGKILL. */
  'crash',
  /** No traffic in or out, by a temporary NetworkPolicy; on one machine SIGSTOP, and SIGCONT after. */
  'partition',
  /** No replica for a while. */
  'scale-to-zero',
  /** The bank's answers go wrong. */
  'bank',
]);
export type FaultType = z.infer<typeof faultType>;

const share = z.number().min(0).max(1);

/** See the bank's own settings of the same names. */
export const bankFault = z.strictObject({
  declineRate: share.optional(),
  errorRate: share.optional(),
  lostAnswerRate: share.optional(),
  latencyMs: z.int().min(0).max(60_000).optional(),
  hang: z.boolean().optional(),
});
export type BankFault = z.infer<typeof bankFault>;

/** Faults that last, and are undone after `forSeconds`. */
export const lastingFaults: readonly FaultType[] = ['partition', 'scale-to-zero', 'bank'];

export const drillFault = z
  .strictObject({
    type: faultType,
    /** How many instances at once, of those there are; pods only. */
    count: z.int().min(1).max(10).default(1),
    /** How often, for faults that do not last; the next one when the target was ready again. */
    times: z.int().min(1).max(10).default(1),
    forSeconds: seconds(1, 600).optional(),
    bank: bankFault.optional(),
  })
  .refine(({ type, forSeconds }) => lastingFaults.includes(type) === (forSeconds !== undefined), {
    message: 'Say forSeconds for partition, scale-to-zero and bank, and for no other fault.',
  })
  .refine(({ type, bank }) => (type === 'bank') === (bank !== undefined), {
    message: 'Say bank for the fault bank, and for no other.',
  });

const comparison = z.enum(['<', '<=', '==', '>=', '>']);

/**
 * Looked at every second, from before the fault to the end. The target being ready, orders coming to their end and the
 * invariants are always watched; probes are for what is to hold besides.
 */
export const drillProbe = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'lower-case letters, digits and dashes'),
    /** An address that answers with this status; a path is the gateway's. */
    http: z.strictObject({ url: z.string().min(1).max(500), status: z.int().default(200) }).optional(),
    /** A query with one number as its result. */
    prometheus: z
      .strictObject({ query: z.string().min(1).max(2_000), is: comparison, value: z.number() })
      .optional(),
    /** Whether it may fail while the fault lasts, at two looks in a row. Before it and after recovery it never may. */
    mayFail: z.boolean().default(true),
  })
  .refine(({ http, prometheus }) => (http === undefined) !== (prometheus === undefined), {
    message: 'A probe has either http or prometheus.',
  });
export type DrillProbe = z.infer<typeof drillProbe>;

export const drillSpec = z.strictObject({
  /** What is believed to hold, in a sentence that the report repeats. */
  hypothesis: z.string().trim().min(10).max(500),
  target: drillTarget,
  fault: drillFault,
  /** Orders of the drill's own, from before the fault until recovery. */
  orders: z.strictObject({ perSecond: z.number().min(0.2).max(20).default(3) }).default({ perSecond: 3 }),
  probes: z.array(drillProbe).max(10).default([]),
  /** Stops the drill and undoes the fault. */
  abortWhen: z
    .strictObject({
      /** How many times faster than its objective allows the error budget burns: 14.4 is a page's. */
      burnRate: z.number().min(1).max(1_000).optional(),
      /** Of orders that are accepted at the first or a repeated try. */
      objective: z.number().min(0.5).max(0.9999).default(0.99),
      windowSeconds: seconds(5, 600).default(60),
      /** Neither the gateway nor the auditor was reached for so long. */
      blindSeconds: seconds(5, 600).default(60),
    })
    .default({ objective: 0.99, windowSeconds: 60, blindSeconds: 60 }),
  /** How long things held before the fault. */
  steadySeconds: seconds(3, 300).default(10),
  /** How long it is watched after a fault that does not last. */
  observeSeconds: seconds(1, 300).default(5),
  /** From the end of the fault until orders complete again, or the drill has failed. */
  recoverWithinSeconds: seconds(1, 600).default(60),
  /** From then until every order of the drill is at its end and every invariant holds. */
  settleWithinSeconds: seconds(5, 900).default(120),
  /** Only says what would be done. */
  dryRun: z.boolean().default(true),
});
export type DrillSpec = z.infer<typeof drillSpec>;

export const drillName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and dashes, as names in Kubernetes');

/** `POST /api/drills`. */
export const startDrillBody = z.strictObject({ name: drillName, spec: drillSpec });

export const drillPhase = z.enum([
  'Pending',
  'SteadyState',
  'Injecting',
  'Observing',
  'Recovering',
  'Verifying',
  'Passed',
  'Failed',
  'Inconclusive',
  'Aborted',
  'Refused',
]);
export type DrillPhase = z.infer<typeof drillPhase>;

export const verdicts = ['Passed', 'Failed', 'Inconclusive', 'Aborted', 'Refused'] as const;
export type Verdict = (typeof verdicts)[number];

/** An instance as it was chosen: `uid` tells it from a later one of the same name. */
export const drillInstance = z.object({ name: z.string(), uid: z.string() });

export const drillMoment = z.object({
  at: time,
  phase: drillPhase,
  /** A sentence. */
  what: z.string(),
});

const latency = z.object({
  orders: z.int(),
  /** Milliseconds from asking until accepted, tries included; null without orders. */
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
  /** Milliseconds from asking until the order was at its end. */
  endP95: z.number().nullable(),
});

export const drillReport = z.object({
  id: z.uuid(),
  name: drillName,
  driver: z.enum(['kubernetes', 'local']),
  spec: drillSpec,
  verdict: z.enum(verdicts),
  /** One word for programs, a sentence for people. */
  reason: z.string(),
  message: z.string(),
  startedAt: time,
  endedAt: time,
  injectedAt: time.nullable(),
  instances: z.array(drillInstance),
  orders: z.object({
    asked: z.int(),
    accepted: z.int(),
    /** Asked as often as a client may, and never accepted. */
    refused: z.int(),
    paid: z.int(),
    cancelled: z.int(),
    /** Still on their way when a drill ended before it gave every order its time; see `settleWithinSeconds`. */
    open: z.int(),
    openIds: z.array(z.string()),
    /** Accepted, and gone; in a drill that gave every order its time, also those that were not at an end by then. */
    lost: z.int(),
    lostIds: z.array(z.string()),
    /** More orders than were asked for, or more than one charge or message for one. */
    doubled: z.int(),
    doubledIds: z.array(z.string()),
  }),
  /** Seconds from the first strike of the fault until something showed it, and what. */
  detectedAfter: z.number().nullable(),
  detectedBy: z.string().nullable(),
  /**
   * Seconds from the first strike of the fault until the target was ready, orders completed and all probes held again:
   * what a customer lives through. The time that a fault lasts counts, and with `times` all strikes and the waits
   * between them.
   */
  recoveredAfter: z.number().nullable(),
  latency: z.object({ before: latency, during: latency, after: latency }),
  /** How many orders came to their end in each slice of time, from the first one asked for; at most sixty slices. */
  pace: z.object({ from: time, sliceSeconds: z.number(), ended: z.array(z.int()) }).nullable(),
  probes: z.array(
    z.object({ name: z.string(), samples: z.int(), failed: z.int(), unknown: z.int(), last: z.string() }),
  ),
  invariants: z.object({ before: invariantStatus, after: checkView.nullable() }),
  timeline: z.array(drillMoment),
  /** The drill of the same name before this one. */
  previous: z
    .object({
      id: z.uuid(),
      verdict: z.enum(verdicts),
      endedAt: time,
      recoveredAfter: z.number().nullable(),
      detectedAfter: z.number().nullable(),
      refused: z.int(),
      duringP95: z.number().nullable(),
    })
    .nullable(),
});
export type DrillReport = z.infer<typeof drillReport>;

export const drillView = z.object({
  id: z.uuid(),
  name: drillName,
  phase: drillPhase,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  /** `rest`, `schedule` or `kubernetes`, and who. */
  startedBy: z.string(),
  spec: drillSpec,
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  instances: z.array(drillInstance),
  orders: z.object({ asked: z.int(), accepted: z.int(), ended: z.int() }),
  timeline: z.array(drillMoment),
});
export type DrillView = z.infer<typeof drillView>;

/** `GET /api/drills`, newest first. */
export const listDrillsQuery = z.object({
  name: drillName.optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

/** `GET /api/drills/ID/report`: without it, what `Accept` asks for. */
export const drillReportQuery = z.object({ format: z.enum(['json', 'markdown']).optional() });

/** `POST /api/drills/ID/abort`. */
export const abortDrillBody = z.strictObject({ reason: z.string().trim().min(1).max(500) });

/** The faults of the bank as it has them. */
export const bankFaultView = z.object({
  declineRate: share,
  errorRate: share,
  lostAnswerRate: share,
  latencyMs: z.int(),
  hang: z.boolean(),
});

/** `GET` and `PUT /api/drills/kill-switch`: engaged, no drill begins and the one that runs is aborted. */
export const killSwitchBody = z.strictObject({
  engaged: z.boolean(),
  reason: z.string().trim().min(1).max(500),
});
export const killSwitchView = z.object({
  engaged: z.boolean(),
  reason: z.string(),
  /** Who says so: `rest`, `configmap`, or `unreadable`, which counts as engaged. */
  by: z.string(),
});

export const scheduleSpec = z.strictObject({
  name: drillName,
  /** Five fields. */
  cron: z.string().min(9).max(100),
  timeZone: z.string().default('UTC'),
  suspended: z.boolean().default(false),
  spec: drillSpec,
});
export type ScheduleSpec = z.infer<typeof scheduleSpec>;
export const scheduleView = scheduleSpec.extend({ next: time.nullable(), lastDrill: z.uuid().nullable() });

/** When no drill may begin: from and to are local times, and over midnight when `to` is earlier. */
export const quietHours = z.strictObject({
  days: z.array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).min(1),
  from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  timeZone: z.string().default('UTC'),
});
export type QuietHours = z.infer<typeof quietHours>;
