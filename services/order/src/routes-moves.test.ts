import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../test/harness.ts';

async function paidOrder() {
  const service = await orderService();
  const { by, db, addProduct, told } = service;
  const { productId } = await addProduct();
  const items = [{ productId, quantity: 1 }];
  const ada = by(await as.customer(aCustomer.email));
  const { id } = (await ada.post('/api/orders').send({ items }).expect(201)).body;
  await db.query("UPDATE orders SET status = 'PAID'");
  const seller = by(await as.seller('seller-1'));
  const news = async () => (await told(id)).slice(2).map(({ type }) => type);
  return { ...service, ada, seller, url: `/api/orders/${id}`, news };
}

test('a move goes on when the order is as it was seen, and is refused when it is not', async () => {
  const { seller, url, news } = await paidOrder();
  const seen = (await seller.get(url).expect(200)).headers.etag!;
  const shipped = await seller.post(`${url}/ship`).set('if-match', seen).expect(200);
  expect(shipped.headers.etag).toBe('"2"');

  const late = await seller.post(`${url}/fulfill`).set('if-match', seen).expect(412);
  expect(late.body.code).toBe('version_changed');
  expect(await news()).toEqual(['order.shipped']);
  await seller.put(`${url}/status`).set('if-match', seen).send({ status: 'FULFILLED' }).expect(412);
  await seller.post(`${url}/fulfill`).set('if-match', shipped.headers.etag!).expect(200);
  expect(await news()).toEqual(['order.shipped', 'order.fulfilled']);
});

test.each([
  ['"1"', 200],
  ['"7", "1"', 200],
  ['*', 200],
  ['"2"', 412],
  ['W/"1"', 412],
  ['1', 412],
  ['', 412],
])('of an order at version 1 the tag %s is answered with %i', async (tag, status) => {
  const { seller, url } = await paidOrder();
  await seller.post(`${url}/ship`).set('if-match', tag).expect(status);
});

test('two who saw the same version cannot both move the order', async () => {
  const { seller, ada, url, news } = await paidOrder();
  const answers = await Promise.all([
    seller.post(`${url}/ship`).set('if-match', '"1"'),
    ada.post(`${url}/cancel`).set('if-match', '"1"'),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  expect(await news()).toHaveLength(1);
});

test('a move of somebody else’s order is not found, whatever version they name', async () => {
  const { by, url } = await paidOrder();
  const other = by(await as.seller('seller-2'));
  await other.post(`${url}/ship`).set('if-match', '"9"').expect(404);
});

test.each<['post' | 'put', string, object, object]>([
  ['post', 'cancel', { message: 'no longer' }, { message: 'other' }],
  ['post', 'ship', { trackingNumber: 'T-1' }, { trackingNumber: 'T-2' }],
  ['put', 'status', { status: 'SHIPPED' }, { status: 'SHIPPED', message: 'other' }],
])(
  '%s …/%s %j is done once for a key, and repeated gives the first answer',
  async (method, path, sent, other) => {
    const { seller, api, url, news } = await paidOrder();
    const move = (body: object) => seller[method](`${url}/${path}`).set('idempotency-key', 'k-1').send(body);
    const first = await move(sent).expect(200);
    if (path !== 'cancel') await api.post(`${url}/fulfill`).expect(200);
    const again = await move(sent).set('if-match', '"1"').expect(200);
    expect([again.text, again.headers.etag]).toEqual([first.text, '"2"']);
    await move(other).expect(422);
    expect((await news()).filter((type) => type !== 'order.fulfilled')).toHaveLength(1);
  },
);

test('a move that was refused leaves its key free', async () => {
  const { seller, db, url, news } = await paidOrder();
  const fulfill = () => seller.post(`${url}/fulfill`).set('idempotency-key', 'k-1');
  await fulfill().expect(409);
  await db.query("UPDATE orders SET status = 'SHIPPED'");
  await fulfill().expect(200);
  await fulfill().expect(200);
  expect(await news()).toEqual(['order.fulfilled']);
});
