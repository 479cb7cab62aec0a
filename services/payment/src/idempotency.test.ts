import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { paymentService } from '../test/payment-service.ts';

const card = (number: string) => ({ card: { number, expMonth: 12, expYear: 2099, cvc: '123' } });

async function clientOf() {
  const service = await paymentService();
  const ada = await as.customer();
  const pay = (orderId: string, body: object, key = 'once') =>
    request(service.app).post(`/api/orders/${orderId}/pay`).set(ada).set('Idempotency-Key', key).send(body);
  return { ...service, pay };
}

test('a repeated payment with the same key gets the first answer, also after it was captured', async () => {
  const { dueOrder, pay, work, bank, paymentOf } = await clientOf();
  const orderId = await dueOrder();
  const first = await pay(orderId, { paymentMethod: 'pm_card_visa' });
  work();
  await eventually(async () => expect((await paymentOf(orderId))!.status).toBe('CAPTURED'));
  const again = await pay(orderId, { paymentMethod: 'pm_card_visa' });
  expect([again.status, again.body]).toEqual([202, first.body]);
  expect(first.body.status).toBe('CHARGING');
  expect(await bank.totals()).toMatchObject({ charges: 1 });
});

test('the same key with another method or another card is refused', async () => {
  const { dueOrder, pay } = await clientOf();
  const orderId = await dueOrder();
  expect((await pay(orderId, card('4242424242424242'))).status).toBe(202);
  for (const body of [{ paymentMethod: 'pm_card_visa' }, card('5555555555554444')]) {
    const answer = await pay(orderId, body);
    expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused']);
  }
});

test('a repeated payment by card gets the first answer while the bank is away', async () => {
  const { dueOrder, pay, bank } = await clientOf();
  const orderId = await dueOrder();
  const first = await pay(orderId, card('4242424242424242'));
  bank.faults.set({ ...bank.faults.settings(), errorRate: 1 });
  const again = await pay(orderId, card('4242 4242 4242 4242'));
  expect([again.status, again.body]).toEqual([202, first.body]);
});

test('what was refused did not happen: the same key may try again', async () => {
  const { dueOrder, pay, bank } = await clientOf();
  const orderId = await dueOrder();
  bank.faults.set({ ...bank.faults.settings(), errorRate: 1 });
  expect((await pay(orderId, card('4242424242424242'))).status).toBe(503);
  bank.faults.reset();
  expect((await pay(orderId, card('4000000000000002'))).status).toBe(202);
});
