/** A value that is right when it fulfils a condition. `says` describes the condition for a violation's detail. */
export type Matcher = { says: string; matches: (found: unknown) => boolean };

/** The fields of a row that recorded events determine, and their values. A field that is left out is not compared. */
export type Expected<T> = { [K in keyof T]?: unknown };

export const oneOf = (...values: unknown[]): Matcher => ({
  says: values.map(show).join(' or '),
  matches: (found) => values.includes(found),
});

/** A value that may be missing. */
export const optional = (expected: object): Matcher => ({
  says: `${JSON.stringify(expected)} or nothing`,
  matches: (found) => found === undefined || isSame(expected, found),
});

/** How far clocks of the services, their databases and the auditor may be apart. */
const CLOCKS_MS = 5 * 60_000;

/** A time within these two, in epoch milliseconds, as far as clocks agree. */
export const timeWithin = (from: number, until: number): Matcher => ({
  says: from === until ? `about ${isoOf(from)}` : `from ${isoOf(from)} to ${isoOf(until)}`,
  matches: (found) => {
    const time = Date.parse(String(found));
    return time >= from - CLOCKS_MS && time <= until + CLOCKS_MS;
  },
});

const isoOf = (ms: number): string => new Date(ms).toISOString();

/**
 * Returns a sentence for each field of a row that is not as expected: its path, what it is, and what the events say.
 * Below the fields that are expected everything is compared, whatever only the row has too.
 */
export function differences(expected: Expected<object>, found: object): string[] {
  const row = found as Record<string, unknown>;
  const wanted = expected as Record<string, unknown>;
  const wrong: string[] = [];
  // Nearly all rows are right: paths are put together for the others only.
  for (const field in wanted) {
    if (wanted[field] !== undefined && !isSame(wanted[field], row[field])) {
      wrong.push(...compare(field, wanted[field], row[field]));
    }
  }
  return wrong;
}

function isSame(expected: unknown, found: unknown): boolean {
  if (!isComposite(expected)) return (expected ?? null) === (found ?? null);
  if (isMatcher(expected)) return expected.matches(found);
  if (!isComposite(found)) return false;
  for (const field in expected) if (!isSame(expected[field], found[field])) return false;
  for (const field in found) if (!(field in expected) && found[field] !== null) return false;
  return true;
}

function compare(path: string, expected: unknown, found: unknown): string[] {
  if (isMatcher(expected)) return expected.matches(found) ? [] : [differs(path, expected.says, show(found))];
  if (!isComposite(expected) || !isComposite(found)) {
    return (expected ?? null) === (found ?? null) ? [] : [differs(path, show(expected), show(found))];
  }
  const fields = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...fields].flatMap((field) => compare(`${path}.${field}`, expected[field], found[field]));
}

const differs = (path: string, expected: string, found: string): string =>
  `${path} is ${found}, its events say ${expected}.`;

const isComposite = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isMatcher = (value: unknown): value is Matcher => isComposite(value) && 'matches' in value;

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return isComposite(value) ? JSON.stringify(value) : String(value);
}
