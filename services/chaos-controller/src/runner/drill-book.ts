import type { DrillReport } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { DrillState } from '../drill-state.ts';
import {
  claimDrill,
  keepDrill,
  previousReport,
  type RunningDrill,
  runningDrills,
} from '../operations/keep-drill.ts';
import type { MakeReport } from '../seen.ts';
import { within } from '../within.ts';

/** A drill may take our own database away, and must go on all the same. */
const DATABASE_MS = 2_000;
/** Who has a drill writes to it every second or two. One that nobody wrote to for so long is nobody's. */
const ABANDONED_MS = 20_000;

export type OpenDrill = RunningDrill & {
  /** Every change up to now is written down. */
  kept: boolean;
  /** A write that Postgres has not answered yet. */
  keeping: Promise<void> | undefined;
  /** Another controller has taken it over: for a while there are two when a pod is replaced. */
  lost: boolean;
};

type Options = {
  db: Database;
  driverKind: 'kubernetes' | 'local';
  makeReport: MakeReport;
  log: Logger;
  now: () => number;
};

/** The drills that are not over: in memory, to go on without Postgres for a while, and in Postgres. */
export function openDrillBook({ db, driverKind, makeReport, log, now }: Options) {
  const open = new Map<string, OpenDrill>();
  /** An answer of Postgres may be older than the end of a drill. */
  const over = new Set<string>();
  /** Drills of another controller, and since when it has written nothing to them. */
  const others = new Map<string, { version: number; since: number }>();
  let reading: Promise<RunningDrill[]> | undefined;

  async function reportOf(drill: DrillState): Promise<DrillReport | null> {
    if (drill.endedAt === null) return null;
    return makeReport({ drill, driver: driverKind, previous: await previousReport(db, drill) });
  }

  async function write(one: OpenDrill): Promise<void> {
    const { state: drill, version } = one;
    const isOurs = await keepDrill(db, { drill, version, report: await reportOf(drill) });
    if (!isOurs) one.lost = true;
    else if (one.version === version) one.kept = true;
  }

  /** Whether another controller, which this one has left the drill to, still writes to it. */
  function isAnothers({ id, version }: RunningDrill): boolean {
    const other = others.get(id);
    if (!other) return false;
    if (other.version === version) return Math.abs(now() - other.since) < ABANDONED_MS;
    others.set(id, { version, since: now() });
    return true;
  }

  /** Takes a drill over that this process has not; undefined when another one has it. */
  async function claim(row: RunningDrill): Promise<OpenDrill | undefined> {
    const claimed = await within(DATABASE_MS, 'claiming a drill', claimDrill(db, row)).catch(() => null);
    if (claimed === null) return undefined;
    others.delete(row.id);
    if (claimed) return { ...row, ...claimed, kept: true, keeping: undefined, lost: false };
    others.set(row.id, { version: row.version, since: now() });
    return undefined;
  }

  /** Writes a drill down, if Postgres answers in time. One write at a time, so that a frozen Postgres gathers no heap. */
  async function keep(one: OpenDrill): Promise<void> {
    if (one.keeping) await within(DATABASE_MS, 'the write before', one.keeping).catch(() => {});
    if (one.keeping || one.kept) return;
    one.keeping = write(one)
      .catch((error) => log.warn({ error, drill: one.id }, 'a drill is not written down yet'))
      .finally(() => {
        one.keeping = undefined;
      });
    await within(DATABASE_MS, 'writing a drill down', one.keeping).catch(() => {});
  }

  return {
    /** Those that are under way, the oldest first, and which of them were begun by another process. */
    async all(): Promise<{ drills: OpenDrill[]; found: OpenDrill[] }> {
      const found: OpenDrill[] = [];
      reading ??= runningDrills(db).finally(() => {
        reading = undefined;
      });
      const rows = await within(DATABASE_MS, 'reading drills', reading).catch(() => []);
      for (const row of rows) {
        const known = open.get(row.id);
        if (known) known.abortAsked = row.abortAsked;
        else if (!over.has(row.id) && !isAnothers(row)) {
          const one = await claim(row);
          if (!one) continue;
          open.set(row.id, one);
          found.push(one);
        }
      }
      const drills = [...open.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      return { drills, found };
    },
    async change(one: OpenDrill, state: DrillState): Promise<void> {
      one.state = state;
      one.version += 1;
      one.kept = false;
      await keep(one);
    },
    keep,
    /** It is another controller's now. */
    leave({ id, version }: OpenDrill): void {
      open.delete(id);
      others.set(id, { version, since: now() });
    },
    /** It is over and written down as that. */
    forget(id: string): void {
      open.delete(id);
      over.add(id);
    },
  };
}

export type DrillBook = ReturnType<typeof openDrillBook>;
