import type { card } from '@orderflow/contracts/http/payments';
import type { Money } from '@orderflow/contracts/money';
import type { z } from 'zod';

export type Card = z.infer<typeof card>;

export type ChargeRequest = {
  key: string;
  amount: Money;
  paymentMethod: string;
  reference: string;
  /** When this key was first used, for providers that forget keys. */
  askedSince?: Date;
};
export type RefundRequest = {
  key: string;
  charge: string;
  amount: Money;
  /** What was charged, when less than that is to go back. */
  ofCharge?: Money;
  reference: string;
};

/** The provider's word on a call. It never changes: the same key gives the same answer. */
export type ChargeAnswer =
  | { status: 'captured'; reference: string }
  | { status: 'declined'; code: string; message: string };
export type RefundAnswer = { status: 'refunded'; reference: string };
/** The provider refuses this call and will each time, and that is no answer about the money: a person has to decide. */
export type Refusal = { status: 'blocked'; code: string; message: string };
export type ProviderAnswer = ChargeAnswer | RefundAnswer | Refusal;

export type CardAnswer =
  | { status: 'accepted'; paymentMethod: string }
  | { status: 'refused'; code: string; message: string }
  /** The provider wants no card numbers from servers at all. */
  | { status: 'not_taken'; message: string };

/**
 * Who moves the money. A call that throws has an unknown outcome: it may have been done or not, and only asking
 * again with the same `key` tells. An adapter resolves only with what the provider has said for certain.
 */
export type PaymentProvider = {
  charge: (request: ChargeRequest) => Promise<ChargeAnswer | Refusal>;
  refund: (request: RefundRequest) => Promise<RefundAnswer | Refusal>;
  /** Turns a card into a payment method, so that its number goes no further. */
  createPaymentMethod: (card: Card) => Promise<CardAnswer>;
  close: () => Promise<void>;
};
