/**
 * What is done about an error of Postgres.
 *
 * - `wait`: the server can do nothing now. The same work waits until it can, and no attempt is counted.
 * - `repeat`: the transaction lost against another. The same work is done again at once, and no attempt is counted.
 * - `set aside`: the server could not finish this work. It waits alone, longer each time, and holds up no other; no
 *   attempt is counted, so it is never given up.
 * - `fail`: the statement or its data is at fault. The attempt counts as a failure.
 *
 * Over HTTP the first three are answered 503 with `Retry-After`, the last 500.
 */
export type DatabaseAnswer = 'wait' | 'repeat' | 'set aside' | 'fail';

type Row = { state: string; name: string; answer: DatabaseAnswer };

/**
 * The answer to each SQLSTATE, or to all that begin with these characters; the longest match counts, and what is not
 * listed fails. docs/errors.md explains each row: https://www.postgresql.org/docs/17/errcodes-appendix.html
 */
export const sqlStates: readonly Row[] = [
  { state: '08', name: 'connection exception', answer: 'wait' },
  { state: '25006', name: 'read-only transaction', answer: 'wait' },
  { state: '25P03', name: 'idle-in-transaction time-out', answer: 'set aside' },
  { state: '25P04', name: 'transaction time-out', answer: 'set aside' },
  { state: '28', name: 'log-in refused', answer: 'wait' },
  { state: '3D000', name: 'no such database', answer: 'wait' },
  { state: '40001', name: 'serialization failure', answer: 'repeat' },
  { state: '40003', name: 'statement completion unknown', answer: 'wait' },
  { state: '40P01', name: 'deadlock', answer: 'repeat' },
  { state: '53', name: 'insufficient resources', answer: 'wait' },
  { state: '53100', name: 'disk full', answer: 'wait' },
  { state: '53200', name: 'out of memory', answer: 'set aside' },
  { state: '53300', name: 'too many connections', answer: 'wait' },
  { state: '53400', name: 'configuration limit exceeded', answer: 'set aside' },
  { state: '55P03', name: 'lock time-out', answer: 'set aside' },
  { state: '57', name: 'operator intervention', answer: 'wait' },
  { state: '57014', name: 'statement time-out or cancel', answer: 'set aside' },
  { state: '57P01', name: 'session terminated', answer: 'wait' },
  { state: '57P02', name: 'server crashed', answer: 'wait' },
  { state: '57P03', name: 'starting up or shutting down', answer: 'wait' },
  { state: '57P04', name: 'database dropped', answer: 'wait' },
  { state: '57P05', name: 'idle-session time-out', answer: 'wait' },
  { state: '58', name: 'system error', answer: 'set aside' },
  { state: 'XX', name: 'internal error, corrupted data or index', answer: 'fail' },
];

/** The answer to a SQLSTATE; `undefined` for a text that is none or is not listed. */
export function answerToState(state: string): DatabaseAnswer | undefined {
  if (!/^[0-9A-Z]{5}$/.test(state)) return undefined;
  let best: Row | undefined;
  for (const row of sqlStates) {
    if (state.startsWith(row.state) && row.state.length > (best?.state.length ?? 0)) best = row;
  }
  return best?.answer;
}
