import { ProblemError } from '@orderflow/service-kit/problem';
import type { Card, CardAnswer, PaymentProvider } from '../provider.ts';

/** Has the provider turn a card into a payment method. Throws `card_refused`, or `unavailable` without an answer. */
export async function tokeniseCard(provider: PaymentProvider, card: Card): Promise<string> {
  const answer: CardAnswer = await provider.createPaymentMethod(card).catch((cause) => {
    throw new ProblemError('unavailable', 'The payment provider does not answer; nothing was charged.', {
      retryAfter: 2,
      cause,
    });
  });
  switch (answer.status) {
    case 'accepted':
      return answer.paymentMethod;
    case 'refused':
      throw new ProblemError(
        'card_refused',
        `${answer.message} Nothing was charged; check the card or use another. (${answer.code})`,
      );
    case 'not_taken':
      throw new ProblemError('card_refused', answer.message);
    default:
      return answer satisfies never;
  }
}
