import { problem } from '@orderflow/contracts/errors';
import { productView } from '@orderflow/contracts/http/catalogue';
import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import { describe, expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';

const mug = {
  sku: 'MUG-1',
  name: 'Blue mug',
  price: { amount: 2999, currency: 'EUR' },
  sellerId: 'seller@orderflow.io',
  stock: 10,
};

describe('products', () => {
  test('a new product is answered whole, with its stock, and its event tells of it', async () => {
    const { http, told, unbalanced, metric } = await inventory();
    const reply = await http.post('/api/products').set('x-correlation-id', 'thread').send(mug).expect(201);

    const product = productView.parse(reply.body);
    expect(reply.headers.location).toBe(`/api/products/${product.id}`);
    expect(product).toMatchObject({
      sku: 'MUG-1',
      name: 'Blue mug',
      description: '',
      price: { amount: 2999, currency: 'EUR' },
      imageUrl: null,
      active: true,
      version: 1,
      stock: { received: 10, onHand: 10, reserved: 0, available: 10, shipped: 0 },
    });
    expect(await told(product.id)).toMatchObject([
      {
        type: 'product.changed',
        sequence: 1,
        correlationid: 'thread',
        actor: 'system',
        data: {
          productId: product.id,
          sku: 'MUG-1',
          name: 'Blue mug',
          price: { amount: 2999, currency: 'EUR' },
          sellerId: 'seller@orderflow.io',
          active: true,
        },
      },
    ]);
    expect(await metric('inventory_movements_total')).toEqual({ RECEIVED: 1 });
    expect(await unbalanced()).toEqual([]);
  });

  test('a SKU that is taken is a conflict, and nothing is written', async () => {
    const { http, db } = await inventory();
    await http.post('/api/products').send(mug).expect(201);
    const reply = await http
      .post('/api/products')
      .send({ ...mug, name: 'Another' })
      .expect(409);
    expect(problem.parse(reply.body)).toMatchObject({ code: 'conflict' });
    const [rows] = await db.query(
      `SELECT (SELECT count(*) FROM products) AS products, (SELECT count(*) FROM movements) AS movements,
         (SELECT count(*) FROM messaging.outbox) AS events`,
    );
    expect(rows).toEqual({ products: 1, movements: 1, events: 1 });
  });

  test('a bad product is refused with every wrong field, and nothing is written', async () => {
    const { http, db } = await inventory();
    const bad = {
      ...mug,
      sku: ' ',
      name: 'Mug\nCup',
      price: { amount: -1, currency: 'euro' },
      colour: 'blue',
    };
    const reply = await http.post('/api/products').send(bad).expect(400);
    const paths = problem.parse(reply.body).errors!.map((error) => error.path);
    expect(paths).toEqual(expect.arrayContaining(['sku', 'name', 'price.amount', 'price.currency', '']));
    expect(await db.query('SELECT 1 FROM products')).toEqual([]);
  });

  test.each(['ABC', 'XAU', 'BGN'])(
    'a price in %s, which is no currency to pay with, is refused; one from before is shown and can be mended',
    async (currency) => {
      const { http, db } = await inventory();
      const { id } = (await http.post('/api/products').send(mug)).body;
      const price = { amount: 100, currency };
      const refused = await http
        .post('/api/products')
        .send({ ...mug, sku: 'MUG-2', price })
        .expect(400);
      expect(problem.parse(refused.body).errors).toEqual([
        { path: 'price.currency', message: expect.stringContaining('ISO 4217') },
      ]);
      await db.query('UPDATE products SET currency = $1', [currency]);
      const shown = await http.get(`/api/products/${id}`).expect(200);
      expect(productView.parse(shown.body).price).toEqual({ amount: 2999, currency });
      await http.patch(`/api/products/${id}`).send({ name: 'Cup' }).expect(200);
      await http.patch(`/api/products/${id}`).send({ price }).expect(400);
      await http.patch(`/api/products/${id}`).send({ price: mug.price }).expect(200);
    },
  );

  test('an edit changes only what it names and tells of the product as it is now', async () => {
    const { http, told } = await inventory();
    const { id } = (await http.post('/api/products').send(mug)).body;
    await http.patch(`/api/products/${id}`).send({ price: { amount: 1999, currency: 'EUR' } });
    const reply = await http
      .patch(`/api/products/${id}`)
      .send({ active: false, name: 'Old mug' })
      .expect(200);

    const edited = { name: 'Old mug', price: { amount: 1999, currency: 'EUR' }, active: false };
    expect(reply.body).toMatchObject({ ...edited, sku: 'MUG-1', version: 3, stock: { onHand: 10 } });
    const events = await told(id);
    expect(events.map((event) => event.sequence)).toEqual([1, 2, 3]);
    expect(events[2]).toMatchObject({ type: 'product.changed', data: { ...edited, productId: id } });
  });

  test.each([
    ['get', '/api/products/'],
    ['patch', '/api/products/'],
  ] as const)('%s %s of an id that is nobody’s is not found', async (method, path) => {
    const { http } = await inventory();
    await http[method](path + newId()).expect(404);
    await http[method](`${path}not-an-id`).expect(404);
  });

  test('PATCH clears the image address with null, and leaves it when it is not named', async () => {
    const { http } = await inventory();
    const imageUrl = 'https://cdn.example/mug.png';
    const { id } = (await http.post('/api/products').send({ ...mug, imageUrl })).body;
    const named = await http.patch(`/api/products/${id}`).send({ name: 'Mug' }).expect(200);
    expect(named.body).toMatchObject({ imageUrl, version: 2 });
    const cleared = await http.patch(`/api/products/${id}`).send({ imageUrl: null }).expect(200);
    expect(cleared.body).toMatchObject({ imageUrl: null, version: 3 });
  });

  test.each(['javascript:alert(1)', 'data:image/png;base64,AA', '/mug.png'])(
    'an image address like %s is refused',
    async (imageUrl) => {
      const { http, db } = await inventory();
      await http
        .post('/api/products')
        .send({ ...mug, imageUrl })
        .expect(400);
      expect(await db.query('SELECT 1 FROM products')).toEqual([]);
    },
  );

  test('the product of a seller is its own, named or not, and its events say who it was', async () => {
    const { anyone, told } = await inventory();
    const seller = await as.seller('shop');
    const { sellerId: _, ...unnamed } = mug;
    const reply = await anyone.post('/api/products').set(seller).send(unnamed).expect(201);
    expect(reply.body).toMatchObject({ sellerId: 'shop' });
    await anyone.patch(`/api/products/${reply.body.id}`).set(seller).send({ name: 'Cup' }).expect(200);
    const actor = expect.stringMatching(/^seller:[0-9a-f-]{36}$/);
    expect(await told(reply.body.id)).toMatchObject([{ actor }, { actor }]);
  });

  test('those who are no seller have to say whose product it is', async () => {
    const { http, db } = await inventory();
    const { sellerId: _, ...unnamed } = mug;
    const reply = await http.post('/api/products').send(unnamed).expect(400);
    expect(problem.parse(reply.body).errors).toMatchObject([{ path: 'sellerId' }]);
    expect(await db.query('SELECT 1 FROM products')).toEqual([]);
  });

  test('a repeated request with one Idempotency-Key makes one product and gets the first answer', async () => {
    const { http, told, unbalanced } = await inventory();
    const create = (body: object) => http.post('/api/products').set('idempotency-key', 'k1').send(body);
    const first = await create(mug).expect(201);
    const again = await create(mug).expect(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.location).toBe(first.headers.location);
    expect(await told(first.body.id)).toHaveLength(1);
    const other = await create({ ...mug, name: 'Cup' }).expect(422);
    expect(problem.parse(other.body)).toMatchObject({ code: 'idempotency_key_reused' });
    expect(productView.parse((await http.get(first.headers.location!)).body)).toEqual(first.body);
    expect(await unbalanced()).toEqual([]);
  });
});
