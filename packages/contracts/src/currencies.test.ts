import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { currencyCodes, decimalsOf } from './currencies.ts';

/** List one as it was published on 25 June 2024; the package carries the file itself. */
const published = readFileSync(
  fileURLToPath(import.meta.resolve('currency-codes/iso-4217-list-one.xml')),
  'utf8',
);

/** What the amendments changed since. Null is a code that was withdrawn. */
const amendments: Record<string, Record<string, number | null>> = {
  'amendment 176, 31 March 2025: the Caribbean guilder': { XCG: 2, ANG: null },
  'amendment 178, 2025: the convertible peso is withdrawn': { CUC: null },
  'amendment 179, 12 May 2025: the Arab accounting dinar': { XAD: 2 },
  'amendment 180, 1 January 2026: Bulgaria has the euro': { BGN: null },
};

/** An entry with a minor unit: other entries say `N.A.`. */
const entry = /<Ccy>([A-Z]{3})<\/Ccy>\s*<CcyNbr>\d{3}<\/CcyNbr>\s*<CcyMnrUnts>(\d)<\/CcyMnrUnts>/g;

test('the table is list one of ISO 4217, with the amendments since the edition it is compared with', () => {
  expect(published).toContain('<ISO_4217 Pblshd="2024-06-25">');
  const listed: Record<string, number | null> = Object.fromEntries(
    [...published.matchAll(entry)].map(([, code, minorUnit]) => [code!, Number(minorUnit)]),
  );
  Object.assign(listed, ...Object.values(amendments));
  const inForce = Object.entries(listed).filter(([, minorUnit]) => minorUnit !== null);
  expect(inForce.length).toBeGreaterThan(160);
  expect(Object.fromEntries(currencyCodes.map((code) => [code, decimalsOf(code)]))).toEqual(
    Object.fromEntries(inForce),
  );
});

test.each([
  ['HUF', 2],
  ['IDR', 2],
  ['PKR', 2],
  ['COP', 2],
  ['LBP', 2],
  ['ALL', 2],
  ['RSD', 2],
  ['IQD', 3],
  ['ISK', 0],
  ['UGX', 0],
])('%s has %i decimals, whatever the CLDR data of the runtime says', (code, decimals) => {
  expect(decimalsOf(code)).toBe(decimals);
});

test('a withdrawn code that stored prices may have counts as two decimals', () => {
  expect([decimalsOf('BGN'), decimalsOf('HRK')]).toEqual([2, 2]);
});
