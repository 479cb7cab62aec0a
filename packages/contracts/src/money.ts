import { z } from 'zod';
import { currencyCodes, decimalsOf } from './currencies.ts';

/** ISO 4217 code, upper case. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as EUR');

/** What something can be priced in. Prices from before this was checked may have any three letters. */
export const priceCurrency = z.enum(currencyCodes, 'must be the ISO 4217 code of a currency, such as EUR');

/** An amount in minor units (cents). A safe integer, so that JSON carries it without loss. */
export const minorUnits = z.int();

/** Money as it travels: `{ amount: 2999, currency: 'EUR' }` is 29.99 euros. */
export const money = z.object({ amount: minorUnits, currency });
export type Money = z.infer<typeof money>;

/** Minor units → major units, for people and for the plain aliases: 2999 EUR → 29.99. */
export function toMajorUnits({ amount, currency }: Money): number {
  return amount / 10 ** decimalsOf(currency);
}

/** Major units → minor units, rounded to the nearest: 29.99 EUR → 2999. */
export function toMinorUnits(major: number, currency: string): number {
  return Math.round(major * 10 ** decimalsOf(currency));
}

/** "29.99 EUR", for messages to people. */
export function formatMoney({ amount, currency }: Money): string {
  return `${(amount / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency))} ${currency}`;
}
