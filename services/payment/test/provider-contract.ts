import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import type { Card, PaymentProvider } from '../src/provider.ts';

const amount = { amount: 2999, currency: 'EUR' };
const card = (number: string): Card => ({ number, expMonth: 12, expYear: 2099, cvc: '123' });

const aCharge = (changes: object = {}) => ({
  key: `charge-${newId()}`,
  amount,
  paymentMethod: 'pm_card_visa',
  reference: newId(),
  ...changes,
});

/**
 * What every payment provider must do, whoever is behind it. `open` gives one that is ready to be asked, with the
 * test cards and payment methods that Stripe made well known.
 */
export function testProviderContract(name: string, open: () => Promise<PaymentProvider>) {
  const about = (what: string) => `${name}: ${what}`;

  test(about('a good method is captured, with the reference of the charge'), async () => {
    const { charge } = await open();
    expect(await charge(aCharge())).toEqual({ status: 'captured', reference: expect.stringMatching(/.+/) });
  });

  test(about('the same key gives the same answer, another key another charge'), async () => {
    const { charge } = await open();
    const request = aCharge();
    const first = await charge(request);
    expect(await charge(request)).toEqual(first);
    expect(await charge({ ...request, key: aCharge().key })).not.toEqual(first);
  });

  test(
    about('a key that was used for something else is refused for good, and no answer about the money'),
    async () => {
      const { charge } = await open();
      const request = aCharge();
      await charge(request);
      for (const change of [
        { amount: { amount: 100, currency: 'EUR' } },
        { paymentMethod: 'pm_card_mastercard' },
      ]) {
        expect(await charge({ ...request, ...change })).toEqual({
          status: 'blocked',
          code: 'idempotency_key_reused',
          message: expect.stringMatching(/.+/),
        });
      }
    },
  );

  test.each([
    ['pm_card_chargeDeclined', 'card_declined'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
  ])(about('%s is declined with the code %s, every time'), async (paymentMethod, code) => {
    const { charge } = await open();
    const request = aCharge({ paymentMethod });
    const first = await charge(request);
    expect(first).toEqual({ status: 'declined', code, message: expect.stringMatching(/.+/) });
    expect(await charge(request)).toEqual(first);
  });

  test(about('a method that does not exist is declined'), async () => {
    const { charge } = await open();
    expect(await charge(aCharge({ paymentMethod: 'pm_of_nobody' }))).toMatchObject({ status: 'declined' });
  });

  test(about('a captured charge is refunded once per key'), async () => {
    const { charge, refund } = await open();
    const captured = await charge(aCharge());
    if (captured.status !== 'captured') throw new Error('the charge was declined');
    const request = { key: `refund-${newId()}`, charge: captured.reference, amount, reference: newId() };
    const first = await refund(request);
    expect(first).toEqual({ status: 'refunded', reference: expect.stringMatching(/.+/) });
    expect(await refund(request)).toEqual(first);
  });

  test(about('a part of a charge is refunded'), async () => {
    const { charge, refund } = await open();
    const captured = await charge(aCharge());
    if (captured.status !== 'captured') throw new Error('the charge was declined');
    const part = { amount: 999, currency: 'EUR' };
    const request = { charge: captured.reference, amount: part, ofCharge: amount, reference: newId() };
    const answers = [];
    for (let part = 0; part < 3; part++) answers.push(await refund({ ...request, key: `refund-${newId()}` }));
    expect(answers.map(({ status }) => status)).toEqual(['refunded', 'refunded', 'refunded']);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(3);
  });

  test(about('a refund that cannot be is refused for good'), async () => {
    const { charge, refund } = await open();
    const captured = await charge(aCharge());
    if (captured.status !== 'captured') throw new Error('the charge was declined');
    const tooMuch = { amount: amount.amount + 1, currency: 'EUR' };
    const request = {
      key: `refund-${newId()}`,
      charge: captured.reference,
      amount: tooMuch,
      reference: newId(),
    };
    expect(await refund(request)).toEqual({
      status: 'blocked',
      code: expect.stringMatching(/.+/),
      message: expect.stringMatching(/.+/),
    });
  });
}

/** The same for providers that turn cards into payment methods themselves. */
export function testCardContract(name: string, open: () => Promise<PaymentProvider>) {
  const about = (what: string) => `${name}: ${what}`;

  test.each([
    ['4242424242424242', 'captured'],
    ['4000000000000002', 'declined'],
  ])(about('a card %s becomes a method whose charge is %s'), async (number, status) => {
    const { charge, createPaymentMethod } = await open();
    const answer = await createPaymentMethod(card(number));
    if (answer.status !== 'accepted') throw new Error(answer.message);
    expect(await charge(aCharge({ paymentMethod: answer.paymentMethod }))).toMatchObject({ status });
  });

  test(about('a card with a wrong check digit is refused, with a reason'), async () => {
    const { createPaymentMethod } = await open();
    expect(await createPaymentMethod(card('4242424242424241'))).toEqual({
      status: 'refused',
      code: 'incorrect_number',
      message: expect.stringMatching(/.+/),
    });
  });
}
