import { problem } from '@orderflow/contracts/errors';
import { inventoryView, movementView, reservationView } from '@orderflow/contracts/http/catalogue';
import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { as } from '@orderflow/testing/tokens';
import { describe, expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';

const hold = (orderId: string, productId: string, quantity: number) =>
  anEvent('order.confirmation-requested', { orderId, items: [{ productId, quantity }] });

describe('stock', () => {
  test('what is there is set by a count or changed by a difference, and the ledger says which', async () => {
    const { http, addProduct, unbalanced } = await inventory();
    const id = await addProduct(10, { sku: 'MUG-1', name: 'Blue mug' });
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
    const view = async () =>
      reservationView.strict().parse((await http.get(`/api/reservations/${orderId}`).expect(200)).body);
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

  test('the ledger says who moved what: people by their accounts, orders by the system', async () => {
    const { anyone, http, handle, addProduct } = await inventory();
    const id = await addProduct(10, { sellerId: 'shop' });
    const url = `/api/inventory/${id}`;
    await anyone
      .post(url)
      .set(await as.seller('shop'))
      .send({ change: 5 })
      .expect(200);
    await anyone
      .post(url)
      .set(await as.admin())
      .send({ change: -1 })
      .expect(200);
    await handle([hold(newId(), id, 1)]);
    const { body } = await http.get(`${url}/movements`).expect(200);
    const lines = movementView.array().parse(body.items);
    expect(lines.map(({ kind, actor }) => [kind, actor])).toEqual([
      ['RESERVED', 'system:inventory'],
      ['ADJUSTED', expect.stringMatching(/^admin:[0-9a-f-]{36}$/)],
      ['RECEIVED', expect.stringMatching(/^seller:[0-9a-f-]{36}$/)],
      ['RECEIVED', 'test'],
    ]);
  });

  test('a repeated adjustment with one Idempotency-Key is booked once and gets the first answer', async () => {
    const { http, addProduct, stock, unbalanced, metric } = await inventory();
    const [id, other] = [await addProduct(10), await addProduct(10)];
    const adjust = (productId: string, change: number) =>
      http.post(`/api/inventory/${productId}`).set('idempotency-key', 'k1').send({ change });
    const first = await adjust(id, 5).expect(200);
    expect(inventoryView.parse(first.body)).toMatchObject({ onHand: 15 });
    await http.post(`/api/inventory/${id}`).send({ change: 1 }).expect(200);
    const again = await adjust(id, 5).expect(200);
    expect(again.body).toEqual(first.body);
    const reused = await adjust(id, 6).expect(422);
    expect(problem.parse(reused.body)).toMatchObject({ code: 'idempotency_key_reused' });
    await adjust(other, 5).expect(200);
    expect((await stock(id)).concat(await stock(other))).toMatchObject([{ onHand: 16 }, { onHand: 15 }]);
    expect(await metric('inventory_movements_total')).toEqual({ RECEIVED: 5 });
    expect(await unbalanced()).toEqual([]);
  });

  test('a seller’s list of stock holds its own products only', async () => {
    const { anyone, addProduct } = await inventory();
    const own = await addProduct(1, { sellerId: 'shop' });
    await addProduct(2, { sellerId: 'other' });
    const list = await anyone
      .get('/api/inventory')
      .set(await as.seller('shop'))
      .expect(200);
    expect(list.body.items).toMatchObject([{ productId: own }]);
    const all = await anyone
      .get('/api/inventory')
      .set(await as.admin())
      .expect(200);
    expect(all.body.items).toHaveLength(2);
  });

  test.each([
    ['get', '/api/inventory/'],
    ['post', '/api/inventory/'],
    ['get', '/api/reservations/'],
  ] as const)('%s %s of an id that is nobody’s is not found', async (method, path) => {
    const { http } = await inventory();
    await http[method](path + newId()).expect(404);
    await http[method](`${path}not-an-id`).expect(404);
  });
});
