import type { Database } from '@orderflow/service-kit/database';

/** Deaths of the process in the first moments of an attempt, one after the other: only the event explains them. */
const MAX_QUICK_DEATHS = 3;
/** Deaths of the process in attempts at one event, at whatever moment; spread over about a quarter of an hour. */
const MAX_DEATHS = 10;
/** A process that lives this long after an attempt began has survived what the event does to it at once. */
const SURVIVED_MS = 1_000;

/** Counts of a row of `messaging.retry` while an attempt at it is under way. */
export type Attempt = { group: string; key: string; begun: number; ended: number; forgiven: number };

/**
 * Returns why an event is to be given up on, or `undefined`. An attempt that began and never ended was one in which the
 * process died. That speaks against the event unless the process had survived its first moments, or a later attempt
 * ended: those deaths are forgiven. The numbers are argued for in decision 26.
 */
export function deadlinessOf({ begun, ended, forgiven }: Attempt): string | undefined {
  const deaths = begun - 1 - ended;
  if (deaths - forgiven < MAX_QUICK_DEATHS && deaths < MAX_DEATHS) return undefined;
  return `${deaths} attempts ended with the death of the process`;
}

const SURVIVED = `
  UPDATE messaging.retry SET forgiven = forgiven + 1
  WHERE consumer_group = $1 AND key = $2 AND begun = $3 AND ended = $4`;

/**
 * Notes that the process has survived the first moments of an attempt, unless the attempt is over by then: should the
 * process die after that, its death is forgiven. Returns the function to call when the attempt is over.
 */
export function noteSurvival(db: Pick<Database, 'query'>, { group, key, begun, ended }: Attempt): () => void {
  // Without an answer from Postgres the death counts; it is one of several then.
  const note = () => void db.query(SURVIVED, [group, key, begun, ended]).catch(() => {});
  const timer = setTimeout(note, SURVIVED_MS);
  return () => clearTimeout(timer);
}
