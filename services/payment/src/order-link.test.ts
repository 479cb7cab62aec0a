import { newId } from '@orderflow/contracts/ids';
import { testOrderLinks } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { paymentService } from '../test/payment-service.ts';

const card = { number: '4242424242424242', expMonth: 12, expYear: 2034, cvc: '123' };

test('a guest pays their order by the link of a mail, sees its payment, and no other', async () => {
  const { app, dueOrder } = await paymentService();
  const orderId = await dueOrder();
  const access = testOrderLinks.tokenOf(orderId);
  const pay = (id: string) => request(app).post(`/api/orders/${id}/pay`).send({ card });
  await pay(orderId).expect(401);
  await pay(await dueOrder())
    .query({ access })
    .expect(401);
  expect((await pay(orderId).query({ access }).expect(202)).body).toMatchObject({
    orderId,
    status: 'CHARGING',
  });

  const see = (id: string) => request(app).get(`/api/orders/${id}/payment`);
  await see(orderId).expect(401);
  const { body, headers } = await see(orderId).query({ access }).expect(200);
  expect(body.orderId).toBe(orderId);
  expect(headers['cache-control']).toBe('no-store');
  await see(newId()).query({ access }).expect(401);
  await request(app).get(`/api/payments/${body.id}`).query({ access }).expect(401);
  await request(app).get('/api/payments').query({ access }).expect(401);
});
