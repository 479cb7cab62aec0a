import { z } from 'zod';

/** ISO 4217 code, upper case. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as EUR');

/** An amount in minor units (cents). A safe integer, so that JSON carries it without loss. */
export const minorUnits = z.int();

/** Money as it travels: `{ amount: 2999, currency: 'EUR' }` is 29.99 euros. */
export const money = z.object({ amount: minorUnits, currency });
export type Money = z.infer<typeof money>;

const decimals = new Map<string, number>();

/**
 * How many decimals a currency has (EUR 2, JPY 0, KWD 3), from the runtime's own CLDR data.
 * Currencies unknown to it count as 2, which is what CLDR says of them too.
 */
export function decimalsOf(code: string): number {
  const known = decimals.get(code);
  if (known !== undefined) return known;
  const found = new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions();
  decimals.set(code, found.maximumFractionDigits!);
  return found.maximumFractionDigits!;
}

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
