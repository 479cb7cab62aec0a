import { createHash } from 'node:crypto';
import { paymentView } from '@orderflow/contracts/http/payments';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { cancelled, confirmed, paymentService } from '../test/payment-service.ts';

const card = (number: string, changes: object = {}) => ({
  card: { number, expMonth: 12, expYear: 2099, cvc: '123', ...changes },
});

type Headers = Record<string, string>;

async function clientOf() {
  const service = await paymentService();
  const [ada, admin] = [await as.customer(), await as.admin()];
  const pay = (orderId: string, body: object, headers: Headers = ada) =>
    request(service.app).post(`/api/orders/${orderId}/pay`).set(headers).send(body);
  const get = (path: string, headers: Headers = admin) => request(service.app).get(path).set(headers);
  return { ...service, pay, get };
}

test('what is due is charged to the method that was given', async () => {
  const { pay, get, dueOrder, work, bank, eventsOf } = await clientOf();
  const orderId = await dueOrder();
  const answer = await pay(orderId, { paymentMethod: 'pm_card_mastercard' });
  expect(answer.status).toBe(202);
  expect(paymentView.strict().parse(answer.body)).toMatchObject({ orderId, status: 'CHARGING', attempts: 0 });
  work();
  await eventually(async () =>
    expect((await get(`/api/orders/${orderId}/payment`)).body.status).toBe('CAPTURED'),
  );
  expect(await bank.totals()).toMatchObject({ charges: 1, charged: { EUR: 2999 } });
  expect(await eventsOf(orderId)).toMatchObject([
    { type: 'payment.captured', actor: expect.stringMatching(/^customer:/) },
  ]);
});

test('the events of a payment carry the correlation id of the order', async () => {
  const { pay, handle, work, eventsOf } = await clientOf();
  const event = confirmed(newId(), null);
  await handle(event);
  const { orderId } = event.data;
  await pay(orderId, { paymentMethod: 'pm_card_visa' }).set('X-Correlation-Id', 'of-this-request');
  work();
  await eventually(async () =>
    expect(await eventsOf(orderId)).toMatchObject([{ correlationid: event.correlationid }]),
  );
});

test('a card is turned into a method at the bank and charged', async () => {
  const { pay, get, dueOrder, work } = await clientOf();
  const orderId = await dueOrder();
  expect((await pay(orderId, card('4000 0000 0000 9995'))).status).toBe(202);
  work();
  await eventually(async () =>
    expect((await get(`/api/orders/${orderId}/payment`)).body).toMatchObject({
      status: 'DECLINED',
      declineCode: 'insufficient_funds',
    }),
  );
});

test.each([
  ['a wrong check digit', card('4242424242424241'), 'incorrect_number'],
  ['a past expiry', card('4242424242424242', { expYear: 2020 }), 'expired_card'],
])('a card with %s is refused, and nothing is written', async (_what, body, code) => {
  const { pay, paymentOf, dueOrder } = await clientOf();
  const orderId = await dueOrder();
  const before = await paymentOf(orderId);
  const answer = await pay(orderId, body);
  expect([answer.status, answer.body.code]).toEqual([422, 'card_refused']);
  expect(answer.body.detail).toContain(code);
  expect(await paymentOf(orderId)).toEqual(before);
});

test('a bank that fails while a card is taken is a clear 503, and nothing is written', async () => {
  const { pay, paymentOf, dueOrder, bank } = await clientOf();
  const orderId = await dueOrder();
  bank.faults.set({ ...bank.faults.settings(), errorRate: 1 });
  const answer = await pay(orderId, card('4242424242424242'));
  expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([503, 'unavailable', '2']);
  expect((await paymentOf(orderId))!.status).toBe('DUE');
});

test('paying twice at once charges once', async () => {
  const { pay, dueOrder, work, bank, paymentOf } = await clientOf();
  const orderId = await dueOrder();
  work();
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => pay(orderId, { paymentMethod: 'pm_card_visa' })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409, 409, 409]);
  await eventually(async () => expect((await paymentOf(orderId))!.status).toBe('CAPTURED'));
  expect(await bank.totals()).toMatchObject({ charges: 1 });
});

test('nothing is to be paid for an order that is unknown, cancelled or paid', async () => {
  const { pay, handle, dueOrder, work, paymentOf } = await clientOf();
  const [marked, voided, captured] = [newId(), await dueOrder(), newId()];
  await handle(cancelled(marked), cancelled(voided), confirmed(captured));
  work();
  await eventually(async () => expect((await paymentOf(captured))!.status).toBe('CAPTURED'));
  const unknown = newId();
  for (const orderId of [unknown, marked, voided, captured]) {
    const { status, body } = await pay(orderId, { paymentMethod: 'pm_card_visa' });
    expect([status, body.code]).toEqual([409, 'payment_not_due']);
  }
  expect(await paymentOf(unknown)).toBeNull();
  expect((await pay('not-an-id', { paymentMethod: 'pm_card_visa' })).status).toBe(404);
});

test.each([
  ['nothing', {}],
  ['both', { paymentMethod: 'pm_card_visa', ...card('4242424242424242') }],
  ['a method of another shape', { paymentMethod: 'visa' }],
  ['a card without its code', { card: { number: '4242424242424242', expMonth: 1, expYear: 2099 } }],
])('a body with %s is not valid, and nothing is written', async (_what, body) => {
  const { pay, dueOrder, paymentOf } = await clientOf();
  const orderId = await dueOrder();
  const answer = await pay(orderId, body);
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  expect((await paymentOf(orderId))!.status).toBe('DUE');
});

test('a method can be made from a card beforehand', async () => {
  const { app } = await clientOf();
  const path = '/api/payments/methods';
  const answer = await request(app)
    .post(path)
    .set(await as.customer())
    .send(card('5555 5555 5555 4444'));
  expect([answer.status, answer.body]).toEqual([201, { paymentMethod: expect.stringMatching(/^pm_/) }]);
  expect((await request(app).post(path).send(card('5555 5555 5555 4444'))).status).toBe(401);
  expect(
    (
      await request(app)
        .post(path)
        .set(await as.seller())
        .send({})
    ).status,
  ).toBe(403);
});

test('payments are listed newest first, by page, order and status; marks are not shown', async () => {
  const { get, handle, dueOrder } = await clientOf();
  const marked = newId();
  await handle(cancelled(marked));
  const orders = [await dueOrder(), await dueOrder(), await dueOrder()];
  await handle(cancelled(orders[0]!));
  const first = (await get('/api/payments?limit=2')).body;
  const second = (await get(`/api/payments?limit=2&cursor=${first.nextCursor}`)).body;
  const seen = [...first.items, ...second.items];
  expect(seen.map((payment) => payment.orderId)).toEqual(orders.toReversed());
  expect(second.nextCursor).toBeNull();
  expect((await get('/api/payments?status=VOIDED')).body.items).toMatchObject([{ orderId: orders[0] }]);
  expect((await get(`/api/payments?orderId=${orders[1]}`)).body.items).toHaveLength(1);
  expect((await get('/api/payments?status=NONE')).status).toBe(400);
  expect((await get(`/api/payments/${seen[0].id}`)).body).toEqual(seen[0]);
  expect((await get(`/api/payments/${newId()}`)).status).toBe(404);
  expect((await get(`/api/orders/${marked}/payment`)).status).toBe(404);
});

test('card numbers reach no log, no event and no table', async () => {
  const { app, db, pay, dueOrder, work, paymentOf, scope, bank } = await clientOf();
  const orderId = await dueOrder();
  await pay(orderId, card('4242424242424241'));
  await pay(orderId, card('4242424242424242', { cvc: 'x' }));
  await pay(orderId, { ...card('4242424242424242'), extra: '4242424242424242' });
  const broken = '{"card": {"number": "4242424242424242", ';
  const path = `/api/orders/${orderId}/pay`;
  await request(app)
    .post(path)
    .set(await as.customer())
    .set('content-type', 'application/json')
    .send(broken);
  bank.faults.set({ ...bank.faults.settings(), errorRate: 1 });
  await pay(orderId, card('4242424242424242'));
  bank.faults.reset();
  const paid = card('4242 4242 4242 4242');
  expect((await pay(orderId, paid).set('Idempotency-Key', 'k')).status).toBe(202);
  work();
  await eventually(async () => expect((await paymentOf(orderId))!.status).toBe('CAPTURED'));

  const written = JSON.stringify([
    scope.lines,
    bank.lines,
    await db.query('SELECT * FROM payments'),
    await db.query('SELECT * FROM messaging.outbox'),
    await db.query('SELECT * FROM messaging.idempotency_key'),
    await bank.db.query('SELECT * FROM payment_methods'),
    await bank.db.query('SELECT * FROM ledger'),
  ]);
  expect(scope.lines.length).toBeGreaterThan(5);
  expect(written).toContain(orderId);
  expect(written).not.toMatch(/4242[ -]?4242/);
  // Nor does a hash of the number, which so few digits would give away.
  const { number, expMonth, expYear, cvc } = paid.card;
  const inOrder = JSON.stringify({ card: { cvc, expMonth, expYear, number } });
  expect(written).not.toContain(createHash('sha256').update(inOrder).digest('base64url'));
});
