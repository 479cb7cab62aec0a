import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { cancelled, confirmed, confirmedWith, paymentService } from '../test/payment-service.ts';

const card = { number: '4242424242424242', expMonth: 12, expYear: 2099, cvc: '123' };
const [adas, eves] = ['ada@example.org', 'eve@example.org'];

async function shop() {
  const service = await paymentService();
  const [ada, eve, admin] = [await as.customer(adas), await as.customer(eves), await as.admin()];
  const pay = (orderId: string, body: object, who = ada) =>
    request(service.app).post(`/api/orders/${orderId}/pay`).set(who).send(body);
  async function methodOf(who: Record<string, string>): Promise<string> {
    const answer = await request(service.app).post('/api/payments/methods').set(who).send({ card });
    expect(answer.status).toBe(201);
    return answer.body.paymentMethod;
  }
  const ends = (orderId: string, status: string) =>
    eventually(async () => expect((await service.paymentOf(orderId))!.status).toBe(status));
  service.work();
  return { ...service, ada, eve, admin, pay, methodOf, ends };
}

test('a method is its maker’s to pay with, again and again, and nobody else’s', async () => {
  const { ada, eve, pay, methodOf, ends, dueOrder, paymentOf, bank } = await shop();
  const paymentMethod = await methodOf(ada);
  const others = await dueOrder({ email: eves });
  const answer = await pay(others, { paymentMethod }, eve);
  expect([answer.status, answer.body.code]).toEqual([422, 'unknown_payment_method']);
  expect(answer.body.detail).not.toContain('pm_');
  expect((await paymentOf(others))!.status).toBe('DUE');
  for (const orderId of [await dueOrder(), await dueOrder()]) {
    expect((await pay(orderId, { paymentMethod })).status).toBe(202);
    await ends(orderId, 'CAPTURED');
  }
  expect((await bank.totals()).charges).toBe(2);
});

test('an admin pays for customers with methods of theirs', async () => {
  const { ada, admin, pay, methodOf, ends, dueOrder } = await shop();
  const paymentMethod = await methodOf(ada);
  const [own, others] = [await dueOrder(), await dueOrder({ email: eves })];
  expect((await pay(others, { paymentMethod }, admin)).body.code).toBe('unknown_payment_method');
  expect((await pay(others, { card }, admin)).status).toBe(202);
  expect((await pay(own, { paymentMethod }, admin)).status).toBe(202);
  await ends(own, 'CAPTURED');
  await ends(others, 'CAPTURED');
});

test('a method that staff or the provider’s form made is the first customer’s who pays with it', async () => {
  const { admin, ada, eve, pay, methodOf, ends, dueOrder } = await shop();
  const paymentMethod = await methodOf(admin);
  const [own, others] = [await dueOrder(), await dueOrder({ email: eves })];
  expect((await pay(own, { paymentMethod }, ada)).status).toBe(202);
  expect((await pay(others, { paymentMethod }, eve)).body.code).toBe('unknown_payment_method');
  await ends(own, 'CAPTURED');
});

test('a refused payment makes no method anybody’s', async () => {
  const { admin, ada, eve, pay, methodOf, dueOrder, db } = await shop();
  const paymentMethod = await methodOf(admin);
  const own = await dueOrder();
  expect((await pay(own, { paymentMethod }, eve)).status).toBe(404);
  expect((await pay(newId(), { paymentMethod }, eve)).status).toBe(409);
  expect(await db.query('SELECT * FROM payment_methods')).toEqual([]);
  expect((await pay(own, { paymentMethod }, ada)).status).toBe(202);
});

test('an order with somebody else’s method is declined, and its bank is not asked', async () => {
  const { ada, methodOf, handle, paymentOf, eventsOf, bankRowsOf } = await shop();
  const paymentMethod = await methodOf(ada);
  const told = [
    confirmed(newId(), paymentMethod, { email: eves }),
    ...confirmedWith(paymentMethod, { email: eves }),
  ];
  await handle(...told);
  for (const orderId of new Set(told.map(({ data }) => data.orderId))) {
    expect(await paymentOf(orderId)).toMatchObject({
      status: 'DECLINED',
      declineCode: 'unknown_payment_method',
    });
    expect(await eventsOf(orderId)).toMatchObject([
      { type: 'payment.declined', sequence: 1, data: { code: 'unknown_payment_method' } },
    ]);
    expect(JSON.stringify(await eventsOf(orderId))).not.toContain('pm_');
    expect(await bankRowsOf(orderId)).toEqual([]);
  }
});

test('an order with a method of its customer is charged, whichever of its events is first', async () => {
  const { ada, methodOf, handle, ends } = await shop();
  const paymentMethod = await methodOf(ada);
  for (const reversed of [false, true]) {
    const [isConfirmed, requested] = confirmedWith(paymentMethod);
    for (const event of reversed ? [requested, isConfirmed] : [isConfirmed, requested]) await handle(event);
    await ends(isConfirmed.data.orderId, 'CAPTURED');
  }
});

test('a customer who pays by a form before the request to charge is heard of has paid', async () => {
  const { ada, pay, methodOf, handle, ends, bankRowsOf } = await shop();
  const [isConfirmed, requested] = confirmedWith(await methodOf(ada));
  const { orderId } = isConfirmed.data;
  await handle(isConfirmed);
  expect((await pay(orderId, { paymentMethod: 'pm_card_visa' })).status).toBe(202);
  await handle(requested);
  await ends(orderId, 'CAPTURED');
  expect(await bankRowsOf(orderId)).toHaveLength(1);
});

test('a method that cannot be opened is declined; a cancellation that came first voids', async () => {
  const { handle, paymentOf } = await shop();
  const [, unreadable] = confirmedWith('pm_of_ada');
  unreadable.data.sealedMethod = confirmedWith('pm_of_ada')[1].data.sealedMethod; // of another order
  await handle(unreadable);
  expect(await paymentOf(unreadable.data.orderId)).toMatchObject({ status: 'DECLINED', paymentMethod: null });

  const events = confirmedWith('pm_of_ada');
  const { orderId } = events[0].data;
  await handle(cancelled(orderId), ...events);
  expect((await paymentOf(orderId))!.status).toBe('VOIDED');
});

test('two customers who name one method at once do not both have it', async () => {
  const { handle, paymentOf } = await shop();
  const orders = Array.from({ length: 20 }, (_, i) =>
    confirmedWith('pm_of_one', { email: `${i % 4}@example.org` }),
  );
  await Promise.all(orders.map((events) => handle(...events)));
  const payments = await Promise.all(orders.map(([{ data }]) => paymentOf(data.orderId)));
  const charged = payments.filter((payment) => payment!.declineCode !== 'unknown_payment_method');
  expect(new Set(charged.map((payment) => payment!.customerId)).size).toBe(1);
  expect(charged).toHaveLength(5);
});
