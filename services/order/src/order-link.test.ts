import { newId } from '@orderflow/contracts/ids';
import { as, testOrderLinks } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { orderService } from '../test/harness.ts';

async function guestOrder() {
  const service = await orderService();
  const { productId } = await service.addProduct();
  const items = [{ product_id: productId, quantity: 1 }];
  const body = { customer_name: 'Ada', customer_email: 'ada@example.org', items };
  const { id } = (await service.nobody.post('/api/orders').send(body).expect(201)).body;
  return { ...service, id, url: `/api/orders/${id}`, access: testOrderLinks.tokenOf(id) };
}

test('a guest sees and cancels their order by the link of a mail, and no other', async () => {
  const { nobody, id, url, access, told } = await guestOrder();
  await nobody.get(url).expect(401);
  const { body, headers } = await nobody.get(url).query({ access }).expect(200);
  expect(body).toMatchObject({ id, status: 'PENDING' });
  expect(headers['cache-control']).toBe('no-store');
  await nobody.get(`/api/orders/${newId()}`).query({ access }).expect(401);
  await nobody.post(`${url}/cancel`).send({}).expect(401);

  const cancelled = await nobody.post(`${url}/cancel`).query({ access }).send({ message: 'too late' });
  expect(cancelled.body).toMatchObject({ status: 'CANCELLED', cancelReason: 'cancelled_by_customer' });
  expect((await told(id)).at(-1)).toMatchObject({ type: 'order.cancelled', actor: 'guest' });
});

test('a link opens nothing else: no list, no other move, and a bad one is not passed over for a token', async () => {
  const { nobody, by, url, access } = await guestOrder();
  await nobody.get('/api/orders').query({ access }).expect(401);
  for (const move of ['confirm', 'ship', 'fulfill'])
    await nobody.post(`${url}/${move}`).query({ access }).send({}).expect(401);
  await nobody.put(`${url}/status`).query({ access }).send({ status: 'CANCELLED' }).expect(401);
  const other = await as.customer('eve@example.org');
  await by(other).get(url).expect(404);
  await by(await as.admin())
    .get(url)
    .query({ access: `${access}x` })
    .expect(401);
});
