import type {
  InvariantName,
  InvariantsView,
  InvariantView,
  ViolationView,
} from '@orderflow/contracts/invariants';
import { withoutPaymentMethodsIn } from '@orderflow/contracts/payment-methods';
import type { Database } from '@orderflow/service-kit/database';
import type { Bench } from './invariants/judge.ts';
import { describeLedger, type Invariant, readsOf } from './invariants/table.ts';

/** Of each invariant. */
export const SHOWN = 20;
/** Beyond three rounds' time: what a round that waits for a service may take. */
const SLACK_MS = 10_000;

type StatusRow = {
  name: InvariantName;
  status: InvariantView['status'];
  reason: string | null;
  since: Date;
  checkedAt: Date | null;
};
type ProgressRow = {
  ordersChecked: number;
  sweptAt: Date | null;
  roundEndedAt: Date | null;
  roundSeconds: number;
  now: Date;
};
export type ViolationRow = Omit<ViolationView, 'beganAt' | 'endedAt'> & {
  id: string;
  beganAt: Date;
  endedAt: Date | null;
};

export const VIOLATION = `id, invariant, subject, order_id AS "orderId", detail, rows, began_at AS "beganAt", ended_at AS "endedAt"`;

const STATUSES = 'SELECT name, status, reason, since, checked_at AS "checkedAt" FROM invariant_status';

const PROGRESS = `
  SELECT orders_checked AS "ordersChecked", swept_at AS "sweptAt", round_ended_at AS "roundEndedAt",
    round_seconds AS "roundSeconds", now() AS now
  FROM invariant_progress`;

const LASTING = `
  SELECT ${VIOLATION} FROM violations WHERE ended_at IS NULL AND invariant = $1 ORDER BY id LIMIT ${SHOWN}`;

const COUNTS = `
  SELECT invariant, count(*) AS count FROM violations WHERE ended_at IS NULL GROUP BY invariant`;

/** The invariants as the continuous check has them, whichever replica does it. */
export async function readInvariants(
  db: Database,
  { bench, everyMs }: { bench: Bench; everyMs: number },
): Promise<InvariantsView> {
  const [statuses, progress, counts] = await Promise.all([
    db.query<StatusRow>(STATUSES),
    db.query<ProgressRow>(PROGRESS),
    db.query<{ invariant: InvariantName; count: number }>(COUNTS),
  ]);
  const { ordersChecked, sweptAt, roundEndedAt, roundSeconds, now } = progress[0]!;
  const stall = stalled({ roundEndedAt, now, everyMs });
  const views = await Promise.all(
    bench.invariants.map(async (invariant): Promise<InvariantView> => {
      const row = statuses.find(({ name }) => name === invariant.name);
      const violationCount = counts.find((count) => count.invariant === invariant.name)?.count ?? 0;
      const lasting = violationCount > 0 ? await db.query<ViolationRow>(LASTING, [invariant.name]) : [];
      return {
        ...describe(invariant, bench),
        status: stall || !row ? 'unknown' : row.status,
        since: (stall?.since ?? row?.since ?? now).toISOString(),
        checkedAt: row?.checkedAt?.toISOString() ?? null,
        reason: stall?.reason ?? (row ? row.reason : 'It has not been checked yet.'),
        violations: lasting.map(toViolationView),
        violationCount,
      };
    }),
  );
  return {
    status: overall(views),
    invariants: views,
    progress: { ordersChecked, sweptAt: sweptAt?.toISOString() ?? null, roundSeconds },
  };
}

/** Nothing is known of what nobody has looked at for long. */
function stalled({ roundEndedAt, now, everyMs }: { roundEndedAt: Date | null; now: Date; everyMs: number }) {
  if (!roundEndedAt) return { since: now, reason: 'No round of checks has ended yet.' };
  // One that ended in the future was written by a clock that was wrong.
  const silentMs = Math.abs(now.getTime() - roundEndedAt.getTime());
  if (silentMs <= 3 * everyMs + SLACK_MS) return undefined;
  return {
    since: roundEndedAt,
    reason: `No round of checks has ended for ${Math.round(silentMs / 1_000)} s: look at the logs of the auditor.`,
  };
}

export const describe = (invariant: Invariant, { present }: Bench) => ({
  name: invariant.name,
  sentence: invariant.sentence,
  reads: readsOf(invariant, present).map(describeLedger),
});

export function overall(views: { status: InvariantView['status'] }[]): InvariantView['status'] {
  if (views.some(({ status }) => status === 'broken')) return 'broken';
  return views.some(({ status }) => status === 'unknown') ? 'unknown' : 'holds';
}

export const toViolationView = ({ id: _, beganAt, endedAt, ...violation }: ViolationRow): ViolationView => ({
  ...withoutPaymentMethodsIn(violation),
  beganAt: beganAt.toISOString(),
  endedAt: endedAt?.toISOString() ?? null,
});
