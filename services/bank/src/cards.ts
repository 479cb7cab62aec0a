import type { card } from '@orderflow/contracts/http/payments';
import type { z } from 'zod';
import { BankError } from './bank-error.ts';

type Card = z.infer<typeof card>;

/** Stripe's well-known test cards that are refused when they are charged: https://docs.stripe.com/testing */
const declinedNumbers: Record<string, string> = {
  '4000000000000002': 'card_declined',
  '4000000000009995': 'insufficient_funds',
  '4000000000000069': 'expired_card',
  '4000000000000127': 'incorrect_cvc',
  '4000000000000119': 'processing_error',
};

const declineMessages: Record<string, string> = {
  card_declined: 'The card was declined.',
  insufficient_funds: 'The card has insufficient funds.',
  expired_card: 'The card has expired.',
  incorrect_cvc: "The card's security code is incorrect.",
  processing_error: 'An error occurred while the card was processed.',
};

export const declineMessage = (code: string): string => declineMessages[code] ?? 'The charge was declined.';

/** What is kept of a card. Throws for one that cannot be a card, or not any more. */
export function readCard({ number, expMonth, expYear }: Card, now = new Date()) {
  if (!passesLuhn(number)) throw new BankError(402, 'incorrect_number', 'The card number is incorrect.');
  // Good to the end of its month.
  if (expYear * 12 + expMonth < now.getUTCFullYear() * 12 + now.getUTCMonth() + 1) {
    throw new BankError(402, 'expired_card', 'The card has expired.');
  }
  return { brand: brandOf(number), last4: number.slice(-4), declineCode: declinedNumbers[number] ?? null };
}

/** The check digit of card numbers: ISO/IEC 7812-1, annex B. */
function passesLuhn(number: string): boolean {
  const digits = [...number].reverse().map(Number);
  const sum = digits.reduce((total, digit, i) => {
    const value = i % 2 === 1 ? digit * 2 : digit;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function brandOf(number: string): string {
  if (/^4/.test(number)) return 'visa';
  if (/^(5[1-5]|2[2-7])/.test(number)) return 'mastercard';
  if (/^3[47]/.test(number)) return 'amex';
  return 'unknown';
}
