import type { QuietHours } from '@orderflow/contracts/drills';

const weekdays: readonly QuietHours['days'][number][] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Weekday and minutes of the day, as a clock on a wall in that time zone shows them. */
function localTime(at: Date, timeZone: string) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const day = weekdays.indexOf(parts.weekday!.toLowerCase() as (typeof weekdays)[number]);
  return { day, minutes: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** Whether it is quiet then. Hours over midnight belong to the day that they begin on. */
function isQuiet({ days, from, to, timeZone }: QuietHours, at: Date): boolean {
  const { day, minutes } = localTime(at, timeZone);
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const today = days.includes(weekdays[day]!);
  if (begin < end) return today && minutes >= begin && minutes < end;
  const yesterday = days.includes(weekdays[(day + 6) % 7]!);
  return (today && minutes >= begin) || (yesterday && minutes < end);
}

/** The quiet hours that it is in, of those given. */
export const quietNow = (hours: readonly QuietHours[], at: Date): QuietHours | undefined =>
  hours.find((one) => isQuiet(one, at));
