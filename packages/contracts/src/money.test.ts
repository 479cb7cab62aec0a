import { expect, test } from 'vitest';
import { formatMoney, toMajorUnits, toMinorUnits } from './money.ts';

test('minor units follow the currency: two decimals for EUR and HUF, none for JPY, three for KWD and IQD', () => {
  expect(toMinorUnits(29.99, 'EUR')).toBe(2999);
  expect(toMinorUnits(500, 'JPY')).toBe(500);
  expect(toMajorUnits({ amount: 1234, currency: 'KWD' })).toBe(1.234);
  expect(toMinorUnits(2999, 'HUF')).toBe(299_900);
  expect(formatMoney({ amount: 299_900, currency: 'HUF' })).toBe('2999.00 HUF');
  expect(formatMoney({ amount: 1500, currency: 'IQD' })).toBe('1.500 IQD');
  expect(formatMoney({ amount: 5, currency: 'EUR' })).toBe('0.05 EUR');
});

test('a price that a float cannot hold exactly still comes out to the cent', () => {
  expect(toMinorUnits(1.1 * 3, 'EUR')).toBe(330);
  expect(toMinorUnits(19.99 * 3, 'EUR')).toBe(5997);
});
