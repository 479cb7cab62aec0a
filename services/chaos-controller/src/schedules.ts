import type { ScheduleSpec, scheduleView } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';
import { Cron } from 'croner';
import type { z } from 'zod';
import { fireSchedule, firstSeen, lastFirings } from './operations/fire-schedule.ts';

/** What was due longer ago was missed while nobody looked, and is not made up for. */
const MISSED_MS = 60_000;
const EVERY_MS = 5_000;

/** A cron expression of five fields in a time zone. Throws when it is none. */
export const cronOf = ({ cron, timeZone }: Pick<ScheduleSpec, 'cron' | 'timeZone'>): Cron =>
  new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });

/**
 * The last time in (after, until] that a schedule was due and was not missed; undefined when there is none. It was not
 * looked at up to a time far from now, if that is what is written: the clock was ahead then.
 */
export function dueTime(schedule: ScheduleSpec, after: Date, until: Date): Date | undefined {
  const cron = cronOf(schedule);
  const seen = after.getTime() > until.getTime() + MISSED_MS ? 0 : after.getTime();
  const from = new Date(Math.max(seen, until.getTime() - MISSED_MS));
  let due: Date | undefined;
  for (let next = cron.nextRun(from); next && next <= until; next = cron.nextRun(next)) due = next;
  return due;
}

/** Begins the drills that are due. A drill that may not run now is refused as any other, with a report that says so. */
export async function fireDue(db: Database, schedules: readonly ScheduleSpec[], now: Date): Promise<void> {
  for (const schedule of schedules) {
    // One that is new, or was suspended, begins with what is due from now on.
    const after = await firstSeen(db, schedule.name, now);
    const due = dueTime(schedule, after, now);
    if (due) await fireSchedule(db, schedule, { after, due });
  }
}

type Options = {
  db: Database;
  schedules: readonly ScheduleSpec[];
  scope: Pick<ServiceScope, 'log' | 'health'>;
  everyMs?: number;
  now?: () => Date;
};

/** Fires schedules until it is stopped. */
export const startSchedules = ({
  db,
  schedules,
  scope,
  everyMs = EVERY_MS,
  now = () => new Date(),
}: Options) =>
  startLoop({
    name: 'schedules',
    scope,
    everyMs,
    failure: 'schedules could not be looked at; trying again',
    async round() {
      await fireDue(db, schedules, now());
      return everyMs;
    },
  });

/** The schedules with what comes next and what they last began. */
export async function viewSchedules(
  db: Database,
  schedules: readonly ScheduleSpec[],
  now: Date,
): Promise<z.infer<typeof scheduleView>[]> {
  const last = await lastFirings(db);
  return schedules.map((schedule) => ({
    ...schedule,
    next: schedule.suspended ? null : (cronOf(schedule).nextRun(now)?.toISOString() ?? null),
    lastDrill: last.get(schedule.name) ?? null,
  }));
}
