import { expect, test } from 'vitest';
import { quietNow } from './quiet-hours.ts';

const nights = { days: ['fri' as const], from: '22:00', to: '06:00', timeZone: 'UTC' };
const office = { days: ['wed' as const], from: '09:00', to: '17:00', timeZone: 'America/New_York' };

test.each([
  ['2026-03-06T21:59:59Z', false],
  ['2026-03-06T22:00:00Z', true],
  // Saturday morning is still of the night that began on Friday; the morning of Friday is of Thursday's.
  ['2026-03-07T05:59:00Z', true],
  ['2026-03-07T06:00:00Z', false],
  ['2026-03-06T05:00:00Z', false],
])('hours over midnight belong to the day they begin on: %s is quiet: %s', (time, quiet) => {
  expect(quietNow([nights], new Date(time)) !== undefined).toBe(quiet);
});

test.each([
  ['2026-03-04T13:59:00Z', false],
  ['2026-03-04T14:00:00Z', true],
  ['2026-03-04T21:59:00Z', true],
  ['2026-03-04T22:00:00Z', false],
  // An hour earlier once the clocks have been put forward.
  ['2026-03-11T13:00:00Z', true],
  ['2026-03-05T15:00:00Z', false],
])('hours are local time: %s is quiet: %s', (time, quiet) => {
  expect(quietNow([nights, office], new Date(time)) !== undefined).toBe(quiet);
});
