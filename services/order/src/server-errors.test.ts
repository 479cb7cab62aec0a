import { databaseAnswer } from '@orderflow/service-kit/database-errors';
import { sqlStates } from '@orderflow/service-kit/sql-states';
import { setReadOnly } from '@orderflow/testing/database';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../test/harness.ts';

test('each SQLSTATE of the table is answered the same when it comes through Prisma', async () => {
  const { prisma } = await orderService();
  for (const { state, answer } of sqlStates) {
    const code = state.padEnd(5, '0');
    const error = await prisma
      .$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`)
      .catch((error: unknown) => error);
    expect([code, databaseAnswer(error)]).toEqual([code, answer]);
  }
});

test('while Postgres is read-only, what writes is answered 503 with when to try again, and reads go on', async () => {
  const { api, nobody, db, addProduct } = await orderService();
  const { productId } = await addProduct();
  const items = [{ productId, quantity: 1 }];
  const order = { customer: aCustomer, items };
  const guest = {
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: productId, quantity: 1 }],
  };
  const { body: placed } = await api.post('/api/orders').send(order).expect(201);
  await setReadOnly(db, true);
  const writes = [
    api.post('/api/orders').send(order),
    api.post('/api/orders').set('idempotency-key', 'k-1').send(order),
    nobody.post('/orders').send(guest),
    api.post(`/api/orders/${placed.id}/cancel`).send({}),
    api.put(`/api/orders/${placed.id}/status`).send({ status: 'CANCELLED' }),
    api.put('/api/sellers/seller-1/settings').send({ confirmation: 'seller' }),
  ];
  for (const { status, body, headers } of await Promise.all(writes)) {
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  await api.get(`/api/orders/${placed.id}`).expect(200);
  await setReadOnly(db, false);
  await api.post('/api/orders').send(order).expect(201);
});
