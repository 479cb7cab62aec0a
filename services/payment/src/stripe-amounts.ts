import { decimalsOf } from '@orderflow/contracts/currencies';
import type { Money } from '@orderflow/contracts/money';

/**
 * Decimals of the currencies that Stripe does not count in hundredths: https://docs.stripe.com/currencies#zero-decimal
 * Its special cases need no entry: ISK and UGX have no decimals and are counted in hundredths all the same; HUF and TWD
 * are whole in payouts only, and nothing is paid out here.
 */
const decimalsAtStripe = new Map([
  ...'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'
    .split(' ')
    .map((code) => [code, 0] as const),
  ...'BHD JOD KWD OMR TND'.split(' ').map((code) => [code, 3] as const),
]);

const atStripe = (currency: string) => decimalsAtStripe.get(currency) ?? 2;

/** An amount in the units of Stripe, which are not everywhere ours; a fraction where Stripe cannot express it. */
export function toStripeAmount({ amount, currency }: Money): number {
  const more = atStripe(currency) - decimalsOf(currency);
  return more >= 0 ? amount * 10 ** more : amount / 10 ** -more;
}

/** Whether Stripe can charge exactly this. The last of three decimals has to be 0, says the same page. */
export function isChargeable(money: Money): boolean {
  const amount = toStripeAmount(money);
  return Number.isInteger(amount) && (atStripe(money.currency) < 3 || amount % 10 === 0);
}
