import type { Database, Query } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import { loginDelays, strangersDelays } from '../domain.ts';
import type { CustomerMetrics } from '../metrics.ts';
import { hashOf } from '../tokens.ts';

/** Where an attempt comes from: the client's address, and the token of the device if it sends one. */
export type Origin = { address: string; deviceToken?: string };

/** Failures that are counted together: with one e-mail address, from one source. */
type Tally = { source: string; delays: number[] };

const KNOWN_DEVICE = `
  SELECT FROM sessions JOIN accounts ON accounts.id = account_id WHERE email = $1 AND device = $2 LIMIT 1`;

// Nobody is blocked for longer than the longest delay: who seems to be was blocked while the clock was ahead.
const BLOCKED = `
  SELECT ceil(extract(epoch FROM max(blocked_until) - clock_timestamp()))::int AS seconds FROM login_throttles
  WHERE email = $1 AND source = ANY($2) AND blocked_until > clock_timestamp()
    AND blocked_until <= clock_timestamp() + make_interval(secs => $3)`;

// A failure while the source is blocked does not count: its answer tells nothing about the password.
const COUNT_FAILURE = `
  INSERT INTO login_throttles AS failure (email, source, failures, blocked_until, failed_at)
  VALUES ($1, $2, 1, now() + make_interval(secs => ($3::int[])[1]), now())
  ON CONFLICT (email, source) DO UPDATE SET failures = failure.failures + 1, failed_at = now(),
    blocked_until = clock_timestamp()
      + make_interval(secs => ($3::int[])[least(failure.failures + 1, array_length($3::int[], 1))])
  WHERE failure.blocked_until <= clock_timestamp()
    OR failure.blocked_until > clock_timestamp() + make_interval(secs => ($3::int[])[array_length($3::int[], 1)])
  RETURNING failures`;

type Options = { email: string; origin: Origin; metrics: CustomerMetrics };

/**
 * Makes those wait who fail to log in with an address. A device that has logged in before has a count of its own, else the
 * network address has one. So nobody keeps the owner out by guessing, as OWASP's device cookies do it:
 * https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 * Many addresses that guess together meet the count of all strangers.
 */
export async function throttleLogins(db: Database, { email, origin, metrics }: Options) {
  const device = origin.deviceToken === undefined ? undefined : hashOf(origin.deviceToken);
  const isKnown = device !== undefined && (await db.query(KNOWN_DEVICE, [email, device])).length > 0;
  const own = isKnown ? `device:${device}` : `address:${origin.address}`;
  const tallies: Tally[] = [
    { source: own, delays: loginDelays },
    ...(isKnown ? [] : [{ source: 'strangers', delays: strangersDelays }]),
  ];
  const sources = tallies.map(({ source }) => source);

  /** Throws `rate_limited` while who asks has to wait. */
  async function refuseWhileBlocked(query: Query): Promise<void> {
    const values = [email, sources, Math.max(...loginDelays)];
    const [blocked] = await query<{ seconds: number | null }>(BLOCKED, values);
    if (!blocked?.seconds) return;
    metrics.logins.inc({ outcome: 'delayed' });
    throw new ProblemError(
      'rate_limited',
      `Too many logins with this address have failed. Try again in ${blocked.seconds} s.`,
      { retryAfter: blocked.seconds },
    );
  }

  return {
    /** The token by which this device is known; undefined for a stranger. */
    deviceToken: isKnown ? origin.deviceToken : undefined,
    refuseWhileBlocked,
    /** Counts a failure. Throws `rate_limited` when it does not count, as others have failed meanwhile. */
    async countFailure(): Promise<void> {
      for (const { source, delays } of tallies) {
        const counted = await db.query(COUNT_FAILURE, [email, source, delays]);
        if (counted.length === 0) await refuseWhileBlocked(db.query);
      }
    },
    /** Forgets the failures of this device or address. */
    forget: (query: Query) =>
      query('DELETE FROM login_throttles WHERE email = $1 AND source = $2', [email, own]),
  };
}
