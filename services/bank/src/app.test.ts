import { randomUUID } from 'node:crypto';
import { eventually } from '@orderflow/testing/eventually';
import request, { type Response } from 'supertest';
import { expect, test } from 'vitest';
import { listeningBank, testBank } from '../test/bank.ts';

const visa = { number: '4242 4242 4242 4242', expMonth: 12, expYear: 2099, cvc: '123' };
const aCharge = { amount: 2999, currency: 'EUR', paymentMethod: 'pm_card_visa', reference: 'order-1' };

async function clientOf() {
  const bank = await testBank();
  const post = (path: string, body: object, key: string = randomUUID()) =>
    request(bank.app).post(path).set('Idempotency-Key', key).send(body);
  const get = (path: string) => request(bank.app).get(path);
  const charge = (changes: object = {}, key?: string) => post('/v1/charges', { ...aCharge, ...changes }, key);
  return { ...bank, post, get, charge };
}

const errorOf = ({ status, body }: Response) => [status, body.error?.code];

test('a charge is recorded once and answered with its id', async () => {
  const { charge, get } = await clientOf();
  const answer = await charge({}, 'k');
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    id: expect.stringMatching(/^ch_/),
    status: 'succeeded',
    amount: 2999,
    currency: 'EUR',
  });
  const { items } = (await get('/v1/charges?reference=order-1')).body;
  expect(items).toMatchObject([{ id: answer.body.id, idempotencyKey: 'k', kind: 'charge', amount: 2999 }]);
});

test('the same key and body give the first answer again, also when they come at once', async () => {
  const { charge, totals } = await clientOf();
  const answers = await Promise.all(Array.from({ length: 20 }, () => charge({}, 'k')));
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  expect((await charge({}, 'k')).body).toEqual(answers[0]!.body);
  expect(await totals()).toEqual({
    charged: { EUR: 2999 },
    refunded: {},
    charges: 1,
    refunds: 0,
    declined: 0,
  });
});

test.each([
  ['amount', { amount: 1 }],
  ['currency', { currency: 'USD' }],
  ['payment method', { paymentMethod: 'pm_card_mastercard' }],
  ['reference', { reference: 'order-2' }],
])('a key is refused with another %s', async (_what, change) => {
  const { charge, totals } = await clientOf();
  await charge({}, 'k');
  expect(errorOf(await charge(change, 'k'))).toEqual([409, 'idempotency_key_reused']);
  expect((await totals()).charges).toBe(1);
});

test('a key cannot be missing', async () => {
  const { app, totals } = await clientOf();
  const answer = await request(app).post('/v1/charges').send(aCharge);
  expect(errorOf(answer)).toEqual([400, 'idempotency_key_missing']);
  expect((await totals()).charges).toBe(0);
});

test('a body that is not valid, or a method that does not exist, records nothing', async () => {
  const { charge, totals } = await clientOf();
  expect((await charge({ amount: 1.5 })).status).toBe(400);
  expect(errorOf(await charge({ paymentMethod: 'pm_none' }))).toEqual([404, 'resource_missing']);
  expect(await totals()).toEqual({ charged: {}, refunded: {}, charges: 0, refunds: 0, declined: 0 });
});

test.each([
  ['4242424242424242', undefined],
  ['5555555555554444', undefined],
  ['378282246310005', undefined],
  ['4000000000000002', 'card_declined'],
  ['4000000000009995', 'insufficient_funds'],
  ['4000000000000069', 'expired_card'],
  ['4000000000000127', 'incorrect_cvc'],
  ['4000000000000119', 'processing_error'],
])('the card %s is taken and its charge ends with decline code %s', async (number, declineCode) => {
  const { post, charge, totals } = await clientOf();
  const method = await post('/v1/payment_methods', { card: { ...visa, number } });
  expect(method.status).toBe(200);
  const { body } = await charge({ paymentMethod: method.body.id });
  expect(body).toMatchObject({ status: declineCode ? 'declined' : 'succeeded' });
  expect(body.declineCode).toBe(declineCode);
  expect((await totals()).declined).toBe(declineCode ? 1 : 0);
});

test.each([
  ['pm_card_visa', undefined],
  ['pm_card_mastercard', undefined],
  ['pm_card_chargeDeclined', 'card_declined'],
  ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
])('%s is there without being made, with decline code %s', async (paymentMethod, declineCode) => {
  const { charge } = await clientOf();
  expect((await charge({ paymentMethod })).body.declineCode).toBe(declineCode);
});

test('a card with a wrong check digit or a past expiry is refused', async () => {
  const { post } = await clientOf();
  const wrong = await post('/v1/payment_methods', { card: { ...visa, number: '4242424242424241' } });
  expect(errorOf(wrong)).toEqual([402, 'incorrect_number']);
  const expired = await post('/v1/payment_methods', { card: { ...visa, expYear: 2020 } });
  expect(errorOf(expired)).toEqual([402, 'expired_card']);
});

test('of a card only brand, last digits and behaviour are kept, and nothing of it is logged', async () => {
  const { post, db, lines } = await clientOf();
  const { body } = await post('/v1/payment_methods', { card: { ...visa, number: '4000000000009995' } });
  const kept = await db.query('SELECT * FROM payment_methods WHERE id = $1', [body.id]);
  expect(kept).toEqual([
    {
      id: body.id,
      brand: 'visa',
      last4: '9995',
      decline_code: 'insufficient_funds',
      created_at: expect.any(Date),
    },
  ]);
  await post('/v1/payment_methods', { card: { ...visa, number: '4000000000009996' } });
  expect(lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).not.toContain('400000000000');
});

test('refunds are given once per key and never exceed the charge, also when they come at once', async () => {
  const { post, charge, totals } = await clientOf();
  const { id } = (await charge()).body;
  const give = (amount: number, key?: string) =>
    post('/v1/refunds', { charge: id, amount, reference: 'order-1' }, key);
  const answers = await Promise.all(Array.from({ length: 5 }, () => give(1000)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  expect(answers.filter(({ status }) => status === 422).map(errorOf)).toEqual(
    Array(3).fill([422, 'refund_exceeds_charge']),
  );
  const [first, again] = [await give(999, 'r'), await give(999, 'r')];
  expect(first.body).toEqual({
    id: expect.stringMatching(/^re_/),
    status: 'succeeded',
    charge: id,
    amount: 999,
    currency: 'EUR',
  });
  expect(again.body).toEqual(first.body);
  expect(await totals()).toEqual({
    charged: { EUR: 2999 },
    refunded: { EUR: 2999 },
    charges: 1,
    refunds: 3,
    declined: 0,
  });
});

test('a refund needs a charge that succeeded, and a key of its own', async () => {
  const { post, charge, totals } = await clientOf();
  const declined = (await charge({ paymentMethod: 'pm_card_chargeDeclined' })).body;
  const refund = { charge: declined.id, amount: 1, reference: 'r' };
  expect(errorOf(await post('/v1/refunds', refund))).toEqual([404, 'resource_missing']);
  expect(errorOf(await post('/v1/refunds', { ...refund, charge: 'none' }))).toEqual([
    404,
    'resource_missing',
  ]);
  const good = (await charge({}, 'k')).body;
  expect(errorOf(await post('/v1/refunds', { ...refund, charge: good.id }, 'k'))).toEqual([
    409,
    'idempotency_key_reused',
  ]);
  expect((await totals()).refunds).toBe(0);
});

test('totals are of each currency, and currencies are not added up', async () => {
  const { post, charge, get } = await clientOf();
  await charge();
  const { id } = (await charge({ amount: 500, currency: 'JPY' })).body;
  await charge({ currency: 'USD', paymentMethod: 'pm_card_chargeDeclined' });
  await post('/v1/refunds', { charge: id, amount: 100, reference: 'order-1' });
  expect((await get('/v1/totals')).body).toEqual({
    ...{ charged: { EUR: 2999, JPY: 500 }, refunded: { JPY: 100 } },
    ...{ charges: 2, refunds: 1, declined: 1 },
  });
});

test('the ledger is walked by position, charges and refunds in the order they were recorded', async () => {
  const { post, charge, get } = await clientOf();
  const { id } = (await charge({}, 'a')).body;
  await charge({ paymentMethod: 'pm_card_chargeDeclined' }, 'b');
  await post('/v1/refunds', { charge: id, amount: 2999, reference: 'order-1' }, 'c');
  const first = (await get('/v1/ledger?limit=2')).body;
  const second = (await get(`/v1/ledger?limit=2&cursor=${first.nextCursor}`)).body;
  expect(second.nextCursor).toBeNull();
  expect([...first.items, ...second.items]).toMatchObject([
    { kind: 'charge', idempotencyKey: 'a', status: 'succeeded' },
    { kind: 'charge', idempotencyKey: 'b', status: 'declined', declineCode: 'card_declined' },
    { kind: 'refund', idempotencyKey: 'c', charge: id, amount: 2999 },
  ]);
});

test('who walks the ledger while it grows passes no row by', async () => {
  const { db, get } = await clientOf();
  const insert = `INSERT INTO ledger (kind, idempotency_key, status, amount, currency, payment_method, reference)
    VALUES ('charge', $1, 'succeeded', 1, 'EUR', 'pm_card_visa', 'r')`;
  let commitLate = () => {};
  const held = new Promise<void>((resolve) => {
    commitLate = resolve;
  });
  let written = () => {};
  const isWritten = new Promise<void>((resolve) => {
    written = resolve;
  });
  const late = db.transaction(async (tx) => {
    await tx.query(insert, ['late']);
    written();
    await held;
  });
  await isWritten;
  await db.query(insert, ['early']); // a higher position, committed first
  const page = get('/v1/ledger').then((answer) => answer);
  commitLate();
  await late;
  const keys = (await page).body.items.map((item: { idempotencyKey: string }) => item.idempotencyKey);
  expect(keys).toEqual(['late', 'early']);
});

test('faults are set, shown and reset; what is left out is off', async () => {
  const { app, get } = await clientOf();
  const off = { declineRate: 0, errorRate: 0, lostAnswerRate: 0, latencyMs: 0, hang: false };
  expect((await get('/v1/faults')).body).toEqual(off);
  expect((await request(app).put('/v1/faults').send({ errorRate: 0.5 })).body).toEqual({
    ...off,
    errorRate: 0.5,
  });
  expect((await request(app).put('/v1/faults').send({ errorRate: 2 })).status).toBe(400);
  expect((await get('/v1/faults')).body.errorRate).toBe(0.5);
  expect((await request(app).delete('/v1/faults')).body).toEqual(off);
});

test('an error comes before anything is recorded, and a retry then succeeds', async () => {
  const { charge, faults, totals } = await clientOf();
  faults.set({ ...faults.settings(), errorRate: 1 });
  expect(errorOf(await charge({}, 'k'))).toEqual([500, 'api_error']);
  expect((await totals()).charges).toBe(0);
  faults.reset();
  expect((await charge({}, 'k')).status).toBe(200);
});

test('a good card is declined by fault, and its key keeps that answer', async () => {
  const { charge, faults } = await clientOf();
  faults.set({ ...faults.settings(), declineRate: 1 });
  const { body } = await charge({}, 'k');
  expect(body).toMatchObject({ status: 'declined', declineCode: 'card_declined' });
  faults.reset();
  expect((await charge({}, 'k')).body).toEqual(body);
});

test('a lost answer is recorded, and the retry gets it', async () => {
  const { charge, faults, totals } = await clientOf();
  faults.set({ ...faults.settings(), lostAnswerRate: 1 });
  await expect(charge({}, 'k')).rejects.toThrow();
  expect((await totals()).charges).toBe(1);
  faults.reset();
  expect((await charge({}, 'k')).body.status).toBe('succeeded');
  expect((await totals()).charges).toBe(1);
});

test('a call that hangs is recorded, and its connection ends unanswered with the fault', async () => {
  const { url, faults, totals } = await listeningBank();
  faults.set({ ...faults.settings(), hang: true });
  const ask = (key: string, signal?: AbortSignal) =>
    fetch(`${url}/v1/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(aCharge),
      signal,
    });
  const impatient = new AbortController();
  const givenUp = expect(ask('a', impatient.signal)).rejects.toThrow(/gave up/);
  await eventually(async () => expect((await totals()).charges).toBe(1));
  impatient.abort(new Error('gave up'));
  await givenUp;
  const unanswered = expect(ask('b')).rejects.toThrow();
  await eventually(async () => expect((await totals()).charges).toBe(2));
  expect((await fetch(`${url}/v1/totals`)).status).toBe(200); // reading is spared
  faults.reset();
  await unanswered;
  expect((await ask('a')).status).toBe(200);
  expect((await totals()).charges).toBe(2);
});

test('many charges at once share their statements and are all recorded', async () => {
  const { charge, totals } = await clientOf();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => charge({ amount: i }, `k${i}`)));
  expect(answers.every(({ body }, i) => body.amount === i)).toBe(true);
  expect((await totals()).charges).toBe(200);
});
