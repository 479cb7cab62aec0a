import type { DrillReport } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { DrillState } from '../drill-state.ts';
import { keepDrill, previousReport, type RunningDrill, runningDrills } from '../operations/keep-drill.ts';
import type { MakeReport } from '../seen.ts';
import { within } from '../within.ts';

/** A drill may take our own database away, and must go on all the same. */
const DATABASE_MS = 2_000;

export type OpenDrill = RunningDrill & {
  /** Every change up to now is written down. */
  kept: boolean;
  /** A write that Postgres has not answered yet. */
  keeping: Promise<void> | undefined;
};

type Options = {
  db: Database;
  driverKind: 'kubernetes' | 'local';
  makeReport: MakeReport;
  log: Logger;
};

/** The drills that are not over: in memory, to go on without Postgres for a while, and in Postgres. */
export function openDrillBook({ db, driverKind, makeReport, log }: Options) {
  const open = new Map<string, OpenDrill>();
  /** An answer of Postgres may be older than the end of a drill. */
  const over = new Set<string>();
  let reading: Promise<RunningDrill[]> | undefined;

  async function reportOf(drill: DrillState): Promise<DrillReport | null> {
    if (drill.endedAt === null) return null;
    return makeReport({ drill, driver: driverKind, previous: await previousReport(db, drill) });
  }

  async function write(one: OpenDrill): Promise<void> {
    const { state: drill, version } = one;
    await keepDrill(db, { drill, version, report: await reportOf(drill) });
    if (one.version === version) one.kept = true;
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
        else if (!over.has(row.id)) {
          const one = { ...row, kept: true, keeping: undefined };
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
    /** It is over and written down as that. */
    forget(id: string): void {
      open.delete(id);
      over.add(id);
    },
  };
}

export type DrillBook = ReturnType<typeof openDrillBook>;
