import { newId } from '@orderflow/contracts/ids';
import { expect, onTestFinished, test } from 'vitest';
import { testProviderContract } from '../test/provider-contract.ts';
import { apiKey, type Fault, stripeServer } from '../test/stripe-server.ts';
import { openStripe } from './stripe-client.ts';
import { createStripeProvider } from './stripe-provider.ts';

async function stripeProvider({ timeoutMs = 5_000, key = apiKey } = {}) {
  const server = await stripeServer();
  const provider = createStripeProvider(
    openStripe({ apiKey: key, url: server.url, timeoutMs, connections: 4 }),
  );
  onTestFinished(() => provider.close());
  return { server, provider };
}

const aCharge = (changes: object = {}) => ({
  key: `charge-${newId()}`,
  amount: { amount: 2999, currency: 'EUR' },
  paymentMethod: 'pm_card_visa',
  reference: newId(),
  ...changes,
});

const aRefund = (charge: string, changes: object = {}) => ({
  key: `refund-${newId()}`,
  charge,
  amount: { amount: 2999, currency: 'EUR' },
  reference: newId(),
  ...changes,
});

async function captured({ server, provider }: Awaited<ReturnType<typeof stripeProvider>>) {
  const answer = await provider.charge(aCharge());
  if (answer.status !== 'captured') throw new Error(answer.message);
  return server.intents().at(-1)!;
}

testProviderContract('stripe', async () => (await stripeProvider()).provider);

test('a charge is one confirmed PaymentIntent for the order, and nobody is asked to pass checks', async () => {
  const { server, provider } = await stripeProvider();
  const request = aCharge();
  await provider.charge(request);
  expect(server.requests).toEqual([
    {
      method: 'POST',
      path: '/v1/payment_intents',
      params: {
        amount: '2999',
        currency: 'eur',
        payment_method: 'pm_card_visa',
        allowed_payment_method_types: ['card'],
        confirm: 'true',
        off_session: 'true',
        metadata: { orderId: request.reference, key: request.key },
      },
    },
  ]);
});

test.each([
  [{ amount: 500, currency: 'JPY' }, 500],
  [{ amount: 500, currency: 'ISK' }, 50_000],
  [{ amount: 500, currency: 'UGX' }, 50_000],
  [{ amount: 299_900, currency: 'HUF' }, 299_900],
  [{ amount: 50_000, currency: 'ALL' }, 50_000],
  [{ amount: 1_990, currency: 'TWD' }, 1_990],
  [{ amount: 50_000, currency: 'MGA' }, 500],
  [{ amount: 5_120, currency: 'KWD' }, 5_120],
])('%o is %i in the units of Stripe, charged and refunded', async (amount, units) => {
  const { server, provider } = await stripeProvider();
  expect(await provider.charge(aCharge({ amount }))).toMatchObject({ status: 'captured' });
  const [intent] = server.intents();
  expect(intent!.amount).toBe(units);
  expect(await provider.refund(aRefund(intent!.id, { amount }))).toMatchObject({ status: 'refunded' });
  expect(server.refunds()).toMatchObject([{ amount: units }]);
});

test.each([
  ['KWD', 5_124, 'the last of three decimals is not 0'],
  ['MGA', 50_050, 'Stripe has no decimals for it'],
])(
  'an amount in %s that Stripe cannot charge exactly (%i: %s) is declined, not rounded',
  async (currency, amount) => {
    const { server, provider } = await stripeProvider();
    expect(await provider.charge(aCharge({ amount: { amount, currency } }))).toEqual({
      status: 'declined',
      code: 'amount_not_chargeable',
      message: expect.stringContaining(currency),
    });
    expect(server.intents()).toEqual([]);
  },
);

test('an amount that could be charged when it was asked for has the answer of then', async () => {
  const { server, provider } = await stripeProvider();
  const request = aCharge({ amount: { amount: 50_050, currency: 'MGA' } });
  const { id } = server.chargeByHand({ amount: '50050', currency: 'mga' }, { key: request.key });
  expect(await provider.charge(request)).toEqual({ status: 'captured', reference: id });
});

test('a refund gives back all that was charged, also when the amount was read with other decimals then', async () => {
  const { server, provider } = await stripeProvider();
  const intent = server.chargeByHand({ amount: '299900', currency: 'huf' });
  const refund = aRefund(intent.id, { amount: { amount: 2999, currency: 'HUF' } });
  expect(await provider.refund(refund)).toMatchObject({ status: 'refunded' });
  expect(server.refunds()).toMatchObject([{ amount: 299_900 }]);
});

test.each([
  [
    'a card whose bank wants another check',
    { paymentMethod: 'pm_card_authenticationRequired' },
    'authentication_required',
  ],
  ['too little money for Stripe', { amount: { amount: 1, currency: 'EUR' } }, 'amount_too_small'],
])('%s is declined', async (_what, changes, code) => {
  const { provider } = await stripeProvider();
  expect(await provider.charge(aCharge(changes))).toMatchObject({ status: 'declined', code });
});

test.each<[Fault, number]>([
  ['error', 0],
  ['kept error', 1],
  ['rate limit', 0],
  ['lost answer', 1],
  ['hang', 1],
])(
  'the outcome of a charge is unknown by the fault "%s", and asking again makes %i of it',
  async (fault, made) => {
    const { server, provider } = await stripeProvider({ timeoutMs: 300 });
    const request = aCharge();
    server.state.fault = fault;
    await expect(provider.charge(request)).rejects.toThrow();
    await expect(provider.charge(request)).rejects.toThrow();
    expect(server.intents()).toHaveLength(made);
  },
);

test.each<Fault>(['error', 'rate limit', 'lost answer', 'hang'])(
  'after the fault "%s" the same key gives the answer, for one charge and one refund',
  async (fault) => {
    const { server, provider } = await stripeProvider({ timeoutMs: 300 });
    const request = aCharge();
    server.state.fault = fault;
    await expect(provider.charge(request)).rejects.toThrow();
    server.state.fault = undefined;
    expect(await provider.charge(request)).toMatchObject({ status: 'captured' });
    const [intent, ...more] = server.intents();
    expect(more).toEqual([]);

    const refund = aRefund(intent!.id);
    server.state.fault = fault;
    await expect(provider.refund(refund)).rejects.toThrow();
    server.state.fault = undefined;
    expect(await provider.refund(refund)).toMatchObject({ status: 'refunded' });
    expect(server.refunds()).toHaveLength(1);
  },
);

test('while the first request of a key is under way the outcome is unknown', async () => {
  const { server, provider } = await stripeProvider();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.state.held = promise;
  const request = aCharge();
  const first = provider.charge(request);
  await expect.poll(() => server.requests.length).toBe(1);
  await expect(provider.charge(request)).rejects.toThrow(/in-progress/);
  resolve();
  expect(await first).toMatchObject({ status: 'captured' });
  expect(server.intents()).toHaveLength(1);
});

test('with a wrong API key nothing is declined: the outcome stays unknown until it is right', async () => {
  const { provider } = await stripeProvider({ key: 'sk_test_wrong' });
  await expect(provider.charge(aCharge())).rejects.toThrow(/Invalid API Key/);
});

test('when Stripe cannot be reached the outcome is unknown', async () => {
  const client = openStripe({ apiKey, url: 'http://127.0.0.1:1', timeoutMs: 300, connections: 1 });
  const provider = createStripeProvider(client);
  onTestFinished(() => provider.close());
  await expect(provider.charge(aCharge())).rejects.toThrow();
});

test('what Stripe has not decided yet is unknown, and read anew when it is asked again', async () => {
  const { server, provider } = await stripeProvider();
  const request = aCharge();
  server.state.status = 'processing';
  await expect(provider.charge(request)).rejects.toThrow(/processing/);
  const [intent] = server.intents();
  intent!.status = 'succeeded';
  expect(await provider.charge(request)).toEqual({ status: 'captured', reference: intent!.id });

  const refund = aRefund(intent!.id);
  server.state.status = 'pending';
  await expect(provider.refund(refund)).rejects.toThrow(/pending/);
  server.refunds()[0]!.status = 'succeeded';
  expect(await provider.refund(refund)).toMatchObject({ status: 'refunded' });
  expect([server.intents().length, server.refunds().length]).toEqual([1, 1]);
});

test.each([
  ['pm_card_visa', 'captured'],
  ['pm_card_chargeDeclined', 'declined'],
])(
  'a charge of %s that is asked for again after Stripe forgot its key is %s once',
  async (paymentMethod, status) => {
    const { server, provider } = await stripeProvider();
    const request = aCharge({ paymentMethod });
    const first = await provider.charge(request);
    server.forgetKeys();
    const askedSince = new Date(Date.now() - 24 * 3_600_000);
    expect(await provider.charge({ ...request, askedSince })).toEqual(first);
    expect(first.status).toBe(status);
    expect(server.intents()).toHaveLength(1);
  },
);

test('a charge that was asked for a day ago and never reached Stripe is made now', async () => {
  const { server, provider } = await stripeProvider();
  const askedSince = new Date(Date.now() - 24 * 3_600_000);
  expect(await provider.charge(aCharge({ askedSince }))).toMatchObject({ status: 'captured' });
  expect(server.intents()).toHaveLength(1);
});

test('a refund that Stripe forgot the key of, or that was made by hand, is not made again', async () => {
  const open = await stripeProvider();
  const { server, provider } = open;
  const request = aRefund((await captured(open)).id);
  const first = await provider.refund(request);
  server.forgetKeys();
  expect(await provider.refund(request)).toEqual(first);

  const other = await captured(open);
  const { id } = server.refundByHand(other);
  expect(await provider.refund(aRefund(other.id))).toEqual({ status: 'refunded', reference: id });
  expect(server.refunds()).toHaveLength(2);
});

test('cards are not taken, and their numbers do not reach Stripe through us', async () => {
  const { server, provider } = await stripeProvider();
  const card = { number: '4242424242424242', expMonth: 12, expYear: 2099, cvc: '123' };
  expect(await provider.createPaymentMethod(card)).toEqual({
    status: 'not_taken',
    message: expect.stringContaining('Stripe.js'),
  });
  expect(server.requests).toEqual([]);
});
