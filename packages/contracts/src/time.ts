import { z } from 'zod';

// Postgres has no year 0, and years beyond these are written otherwise by JavaScript: `+010000-01-01`.
const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

const isStorable = (date: Date): boolean => date.getTime() >= EARLIEST && date.getTime() <= LATEST;
const YEARS = 'must be in the years 0001 to 9999, in UTC';

/** A time with its offset, as text, of the years that Postgres and JavaScript write alike. */
export const storableTime = z.iso
  .datetime({ offset: true })
  .refine((text) => isStorable(new Date(text)), YEARS);

/** A moment in a query, of the same years; a date alone is its first moment in UTC. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be an ISO 8601 date or time such as 2026-01-31 or 2026-01-31T12:00:00Z',
  })
  .transform((text) => new Date(text))
  .refine(isStorable, YEARS);
