import { problem } from '@orderflow/contracts/errors';
import { productView } from '@orderflow/contracts/http';
import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { describe, expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';

const mug = {
  sku: 'MUG-1',
  name: 'Blue mug',
  price: { amount: 2999, currency: 'EUR' },
  sellerId: 'seller@orderflow.io',
  stock: 10,
};

const hold = (orderId: string, productId: string, quantity: number) =>
  anEvent('order.confirmation-requested', { orderId, items: [{ productId, quantity }] });

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
        actor: 'seller',
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
    const bad = { ...mug, sku: ' ', price: { amount: -1, currency: 'euro' }, colour: 'blue' };
    const reply = await http.post('/api/products').send(bad).expect(400);
    const paths = problem.parse(reply.body).errors!.map((error) => error.path);
    expect(paths).toEqual(expect.arrayContaining(['sku', 'price.amount', 'price.currency', '']));
    expect(await db.query('SELECT 1 FROM products')).toEqual([]);
  });

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
    ['get', '/api/inventory/'],
    ['get', '/api/reservations/'],
  ] as const)('%s %s of an id that is nobody’s is not found', async (method, path) => {
    const { http } = await inventory();
    await http[method](path + newId()).expect(404);
    await http[method](`${path}not-an-id`).expect(404);
  });

  test('a list is walked by cursor, newest first, and filtered by seller, text and being for sale', async () => {
    const { http } = await inventory();
    const create = async (sku: string, changes: object) =>
      (
        await http
          .post('/api/products')
          .send({ ...mug, sku, ...changes })
          .expect(201)
      ).body.id;
    const a = await create('A-1', { name: 'Tea cup' });
    const b = await create('B-1', { sellerId: 'other' });
    const c = await create('TEA-2', { name: 'Pot' });
    await http.patch(`/api/products/${c}`).send({ active: false });
    const list = async (query: string) => {
      const { body } = await http.get(`/api/products?${query}`).expect(200);
      return { ids: body.items.map((item: { id: string }) => item.id), next: body.nextCursor };
    };

    const first = await list('limit=2');
    expect(first.ids).toEqual([c, b]);
    expect(await list(`limit=2&cursor=${first.next}`)).toEqual({ ids: [a], next: null });
    expect((await list('sellerId=other')).ids).toEqual([b]);
    expect((await list('q=tea')).ids).toEqual([c, a]);
    expect((await list('q=tea&active=true')).ids).toEqual([a]);
    expect((await list('q=%25')).ids).toEqual([]);
    expect((await list('q=T_a')).ids).toEqual([]);
    await http.get('/api/products?cursor=made-up').expect(400);
    await http.get('/api/products?limit=0').expect(400);
  });
});

describe('stock', () => {
  test('what is there is set by a count or changed by a difference, and the ledger says which', async () => {
    const { http, unbalanced } = await inventory();
    const { id } = (await http.post('/api/products').send(mug)).body;
    const url = `/api/inventory/${id}`;
    await http.post(url).send({ change: 5 }).expect(200);
    await http.post(url).send({ onHand: 12, note: 'three broken' }).expect(200);
    await http.post(url).send({ onHand: 12 }).expect(200);
    const reply = await http.post(url).send({ change: -2 }).expect(200);
    const now = { received: 10, onHand: 10, reserved: 0, available: 10, shipped: 0 };
    expect(reply.body).toEqual({ productId: id, sku: 'MUG-1', name: 'Blue mug', ...now });

    const first = (await http.get(`${url}/movements?limit=3`).expect(200)).body;
    const second = (await http.get(`${url}/movements?limit=3&cursor=${first.nextCursor}`).expect(200)).body;
    const lines = [...first.items, ...second.items];
    expect(lines.map(({ kind, quantity, note }) => [kind, quantity, note])).toEqual([
      ['ADJUSTED', -2, null],
      ['ADJUSTED', -3, 'three broken'],
      ['RECEIVED', 5, null],
      ['RECEIVED', 10, null],
    ]);
    expect(second.nextCursor).toBe(null);
    expect(await unbalanced()).toEqual([]);
  });

  test('less than orders hold cannot be left', async () => {
    const { http, handle, addProduct, stock } = await inventory();
    const id = await addProduct(10);
    await handle([hold(newId(), id, 4)]);
    for (const body of [{ onHand: 3 }, { change: -7 }, { change: -100 }]) {
      const reply = await http.post(`/api/inventory/${id}`).send(body).expect(409);
      expect(reply.body).toMatchObject({ code: 'conflict' });
    }
    expect(await stock(id)).toMatchObject([{ onHand: 10, reserved: 4 }]);
    const reply = await http.post(`/api/inventory/${id}`).send({ onHand: 4 }).expect(200);
    expect(reply.body).toMatchObject({ onHand: 4, reserved: 4, available: 0 });
  });

  test.each([{}, { onHand: -1 }, { change: 1.5 }, { onHand: 1, change: 1 }])(
    'a body that is no adjustment is refused: %o',
    async (body) => {
      const { http, addProduct, stock } = await inventory();
      const id = await addProduct(1);
      await http.post(`/api/inventory/${id}`).send(body).expect(400);
      expect(await stock(id)).toMatchObject([{ onHand: 1 }]);
    },
  );

  test('the stock of all products is paged', async () => {
    const { http, addProduct } = await inventory();
    const [a, b] = [await addProduct(1), await addProduct(2)];
    const { body } = await http.get('/api/inventory?limit=1').expect(200);
    expect(body.items).toMatchObject([{ productId: b, available: 2 }]);
    const next = await http.get(`/api/inventory?limit=1&cursor=${body.nextCursor}`);
    expect(next.body).toMatchObject({ items: [{ productId: a, available: 1 }], nextCursor: null });
  });

  test('a reservation shows its items and until when they are held, unless it is paid', async () => {
    const { http, handle, addProduct } = await inventory();
    const [productId, orderId] = [await addProduct(10), newId()];
    await handle([hold(orderId, productId, 2)]);
    const view = async () => (await http.get(`/api/reservations/${orderId}`).expect(200)).body;
    const items = [{ productId, quantity: 2 }];
    expect(await view()).toEqual({
      orderId,
      status: 'HELD',
      items,
      paid: false,
      expiresAt: expect.stringMatching(/Z$/),
    });
    await handle([anEvent('order.paid', { orderId, total: { amount: 1, currency: 'EUR' } })]);
    expect(await view()).toEqual({ orderId, status: 'HELD', items, paid: true, expiresAt: null });
  });
});
