import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';

test('nobody has to log in for the plain aliases, and without demo mode there are none', async () => {
  const open = await inventory();
  await open.anyone.get('/inventory').expect(200);
  await open.anyone.post('/inventory').send({ item: 'Tea', stock: 1 }).expect(200);
  expect(await open.db.query('SELECT actor FROM movements')).toEqual([{ actor: 'guest' }]);
  const closed = await inventory({ demo: false });
  await closed.http.get('/inventory').expect(404);
  await closed.http.post('/inventory').send({ item: 'Tea', stock: 1 }).expect(404);
  expect(await closed.db.query('SELECT 1 FROM products')).toEqual([]);
});

test('the plain list shows what can still be ordered, in major units, and nothing withdrawn', async () => {
  const { http, handle, addProduct } = await inventory();
  const [mug, withdrawn] = [await addProduct(10), await addProduct(1)];
  await http.patch(`/api/products/${withdrawn}`).send({ active: false });
  const items = [{ productId: mug, quantity: 3 }];
  await handle([anEvent('order.confirmation-requested', { orderId: newId(), items })]);
  const { body } = await http.get('/inventory').expect(200);
  expect(body).toEqual([{ product_id: mug, name: 'Mug', quantity: 7, reserved: 3, price: 29.99 }]);
});

test('the plain list has the decimals of ISO 4217, not those of the runtime', async () => {
  const { http } = await inventory();
  const price = { amount: 299_900, currency: 'HUF' };
  await http.post('/api/products').send({ sku: 'TEA-1', name: 'Tea', price, sellerId: 's' }).expect(201);
  expect((await http.get('/inventory').expect(200)).body).toMatchObject([{ name: 'Tea', price: 2999 }]);
});

test('stock set by name or SKU is what can be ordered then, beside what is held', async () => {
  const { http, handle, stock, unbalanced } = await inventory();
  const product = {
    sku: 'MUG-1',
    name: 'Blue mug',
    price: { amount: 1, currency: 'EUR' },
    sellerId: 's',
    stock: 5,
  };
  const { id } = (await http.post('/api/products').send(product)).body;
  const items = [{ productId: id, quantity: 5 }];
  await handle([anEvent('order.confirmation-requested', { orderId: newId(), items })]);

  const reply = await http.post('/inventory').send({ item: 'MUG-1', stock: 7 }).expect(200);
  expect(reply.body).toEqual({
    item: 'MUG-1',
    stock: 7,
    message: 'The stock of MUG-1 is set: 7 can be ordered now.',
  });
  expect(await stock(id)).toMatchObject([{ onHand: 12, reserved: 5 }]);
  await http.post('/inventory').send({ item: 'Blue mug', stock: 0 }).expect(200);
  expect(await stock(id)).toMatchObject([{ onHand: 5, reserved: 5 }]);
  expect(await unbalanced()).toEqual([]);
});

test('an unknown item becomes a product of the demo shop at 1.00 EUR, once, however many ask for it', async () => {
  const { http, db, told, unbalanced } = await inventory();
  const set = () => http.post('/inventory').send({ item: 'Green tea, 100 g', stock: 7 }).expect(200);
  await Promise.all([set(), set(), set(), set()]);
  const { body } = await http.get('/api/products');
  expect(body.items).toMatchObject([
    {
      sku: 'GREEN-TEA-100-G',
      name: 'Green tea, 100 g',
      price: { amount: 100, currency: 'EUR' },
      sellerId: 'demo-shop',
      stock: { available: 7 },
    },
  ]);
  expect(await told(body.items[0].id)).toMatchObject([{ type: 'product.changed', actor: 'guest' }]);
  expect(await db.query('SELECT kind, quantity FROM movements')).toEqual([{ kind: 'RECEIVED', quantity: 7 }]);
  expect(await unbalanced()).toEqual([]);
});

test('an item whose name leads to the SKU of another product is a conflict', async () => {
  const { http } = await inventory();
  await http.post('/inventory').send({ item: 'Tea 1', stock: 1 }).expect(200);
  const reply = await http.post('/inventory').send({ item: 'Tea-1!', stock: 1 }).expect(409);
  expect(reply.body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('TEA-1') });
});

test.each([
  { item: '', stock: 1 },
  { item: ' ', stock: 1 },
  { item: '!', stock: 1 },
  { item: 'x', stock: -1 },
])('what names no item or no stock is refused, and nothing is written: %o', async (body) => {
  const { http, db } = await inventory();
  await http.post('/inventory').send(body).expect(400);
  expect(await db.query('SELECT 1 FROM products')).toEqual([]);
});
