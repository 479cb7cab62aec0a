import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { cancelled, confirmed, paymentService } from '../test/payment-service.ts';

type Headers = Record<string, string>;

const method = { paymentMethod: 'pm_card_visa' };

async function clientOf() {
  const service = await paymentService();
  const get = (path: string, who: Headers) => request(service.app).get(path).set(who);
  const pay = (orderId: string, who: Headers) =>
    request(service.app).post(`/api/orders/${orderId}/pay`).set(who).send(method);
  const listed = async (who: Headers) =>
    (await get('/api/payments', who)).body.items.map((payment: { orderId: string }) => payment.orderId);
  return { ...service, get, pay, listed };
}

test('a payment is kept with whose it is, also when its order was cancelled before', async () => {
  const { handle, paymentOf } = await paymentService();
  const [usual, early] = [newId(), newId()];
  await handle(confirmed(usual), cancelled(early), confirmed(early));
  for (const orderId of [usual, early]) {
    const { customerId, sellerId } = confirmed(orderId).data;
    expect(await paymentOf(orderId)).toMatchObject({ customerId, sellerId });
  }
});

test('customers and sellers see the payments of their own orders only, admins and services all', async () => {
  const { dueOrder, paymentOf, get, listed } = await clientOf();
  const adas = await dueOrder({ email: 'ada@example.org', sellerId: 'shop' });
  const eves = await dueOrder({ email: 'eve@example.org', sellerId: 'other' });
  const { id } = (await paymentOf(eves))!;

  for (const [who, own] of [
    [await as.customer('Ada@example.org'), [adas]],
    [await as.seller('shop'), [adas]],
    [await as.customer('eve@example.org'), [eves]],
    [await as.seller('other'), [eves]],
    [await as.customer('new@example.org'), []],
    [await as.admin(), [eves, adas]],
    [await as.service(), [eves, adas]],
  ] as const) {
    expect(await listed(who)).toEqual(own);
    const status = (own as readonly string[]).includes(eves) ? 200 : 404;
    expect((await get(`/api/orders/${eves}/payment`, who)).status).toBe(status);
    expect((await get(`/api/payments/${id}`, who)).status).toBe(status);
  }
  const ada = await as.customer('ada@example.org');
  expect((await get(`/api/payments?orderId=${eves}`, ada)).body.items).toEqual([]);
});

test('a customer pays for their own orders, an admin for any, a seller for none', async () => {
  const { dueOrder, paymentOf, pay } = await clientOf();
  const [own, others, another] = [
    await dueOrder(),
    await dueOrder({ email: 'eve@example.org' }),
    await dueOrder(),
  ];
  const ada = await as.customer('ada@example.org');
  expect((await pay(own, ada)).status).toBe(202);
  expect((await pay(others, ada)).status).toBe(404);
  expect((await pay(others, await as.seller('shop'))).status).toBe(403);
  expect((await paymentOf(others))!.status).toBe('DUE');
  expect((await pay(others, await as.admin())).status).toBe(202);
  expect((await pay(another, await as.service())).status).toBe(202);
});

test('a payment from before owners were kept is for admins only', async () => {
  const { db, dueOrder, get, pay, listed } = await clientOf();
  const orderId = await dueOrder();
  await db.query('UPDATE payments SET customer_id = NULL, seller_id = NULL');
  const ada = await as.customer();
  expect(await listed(ada)).toEqual([]);
  expect((await get(`/api/orders/${orderId}/payment`, await as.seller())).status).toBe(404);
  expect((await pay(orderId, ada)).status).toBe(404);
  expect(await listed(await as.admin())).toEqual([orderId]);
  expect((await pay(orderId, await as.admin())).status).toBe(202);
});

test.each(['/api/payments', `/api/payments/${newId()}`, `/api/orders/${newId()}/payment`])(
  'without a token %s is answered with 401, and so is paying',
  async (path) => {
    const { get, pay } = await clientOf();
    const answer = await get(path, {});
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect((await pay(newId(), {})).status).toBe(401);
  },
);
