import { firstIdAt, newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { orderService } from '../test/harness.ts';

type Wanted = { name?: string; email?: string; product?: string; at?: string };

async function catalogue() {
  const service = await orderService();
  const { api, db, addProduct } = service;
  const products = {
    mug: await addProduct({ name: 'Enamel Mug', sku: 'MUG-1' }),
    pot: await addProduct({ name: 'Tea pot 100%', sku: 'POT_1', sellerId: 'seller-2' }),
  };
  async function place({ name = 'Ada', email = 'ada@example.com', product = 'mug', at }: Wanted = {}) {
    const { productId } = products[product as keyof typeof products];
    const order = { customer: { name, email }, items: [{ productId, quantity: 1 }] };
    const { id } = (await api.post('/api/orders').send(order).expect(201)).body;
    return at ? placedAt(id, at) : (id as string);
  }
  /** Gives an order the time, and so the id, of one that was placed then. */
  async function placedAt(id: string, at: string): Promise<string> {
    const moved = firstIdAt(Date.parse(at)).slice(0, 24) + id.slice(24);
    await db.query(
      `WITH items AS (DELETE FROM order_items WHERE order_id = $1 RETURNING *),
         old AS (DELETE FROM orders WHERE id = $1 RETURNING *),
         placed AS (
           INSERT INTO orders SELECT moved.* FROM old, jsonb_populate_record(NULL::orders,
             to_jsonb(old) || jsonb_build_object('id', $2::text, 'placed_at', $3::text)) AS moved)
       INSERT INTO order_items SELECT moved.* FROM items, jsonb_populate_record(NULL::order_items,
         to_jsonb(items) || jsonb_build_object('order_id', $2::text)) AS moved`,
      [id, moved, at],
    );
    return moved;
  }
  const list = async (query: object): Promise<string[]> =>
    (await api.get('/api/orders').query(query).expect(200)).body.items.map(({ id }: { id: string }) => id);
  return { ...service, place, list };
}

test('a list is searched by the customer’s name and e-mail, items’ names and SKUs, references and ids', async () => {
  const { place, list, nobody } = await catalogue();
  const ada = await place();
  const grace = await place({ name: 'Grace Ömer', email: 'grace@example.org', product: 'pot' });
  const plain = { order_id: 'Web-77', item: 'MUG-1', quantity: 1 };
  await nobody.post('/order').send(plain).expect(202);
  const [web] = await list({ q: 'web-77' });
  expect(web).toBeDefined();
  for (const [q, found] of [
    ['ADA', [ada]],
    ['ömer', [grace]],
    ['grace@example.org', [grace]],
    ['@example.org', [grace]],
    ['mug', [web, ada]],
    ['el mu', [web, ada]],
    ['mug-1', [web, ada]],
    ['  pot_1 ', [grace]],
    ['100%', [grace]],
    ['nothing', []],
    // Wildcards of LIKE are letters like others, and no match runs over from one text into the next.
    ['%', [grace]],
    ['m_g', []],
    ['mug mug-1', []],
    ['\\', []],
    [ada, [ada]],
    [grace.slice(0, -1).toUpperCase(), [grace]],
    [newId(), []],
  ] as const) {
    expect([q, await list({ q })]).toEqual([q, found]);
  }
  expect(await list({ q: ada.slice(0, 4) })).toEqual([web, grace, ada]);
});

test('every item of an order finds it, and finds it once', async () => {
  const { api, addProduct, list } = await catalogue();
  const first = await addProduct({ name: 'Fork' });
  const second = await addProduct({ name: 'Forklift' });
  const items = [first, second].map(({ productId }) => ({ productId, quantity: 1 }));
  const customer = { name: 'Ada', email: 'ada@example.com' };
  const { id } = (await api.post('/api/orders').send({ customer, items }).expect(201)).body;
  for (const q of ['fork', 'forklift', 'ada']) expect(await list({ q })).toEqual([id]);
});

test('a list is of a time, its beginning included and its end not', async () => {
  const { place, list } = await catalogue();
  const may = await place({ at: '2026-05-01T00:00:00Z' });
  const june = await place({ at: '2026-06-01T00:00:00Z' });
  expect(await list({ from: '2026-05-01', to: '2026-06-01' })).toEqual([may]);
  expect(await list({ from: '2026-05-01T00:00:00.001Z' })).toEqual([june]);
  expect(await list({ to: '2026-06-01T02:00:00+02:00' })).toEqual([may]);
  expect(await list({ from: '2026-05-01' })).toEqual([june, may]);
});

test('a list is of a seller, and filters go together', async () => {
  const { api, place, list } = await catalogue();
  const mug = await place();
  const pot = await place({ product: 'pot' });
  expect(await list({ sellerId: 'seller-2' })).toEqual([pot]);
  await api.post(`/api/orders/${mug}/cancel`).expect(200);
  expect(await list({ q: 'ada', status: 'PENDING' })).toEqual([pot]);
  expect(await list({ q: 'ada', status: 'PENDING', sellerId: 'seller-1' })).toEqual([]);
});

test('a searched list of one’s own orders is walked by its cursor, whatever is placed meanwhile', async () => {
  const { place, by } = await catalogue();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    ids.unshift(await place());
    await place({ name: 'Ada too', email: 'other@example.com' });
  }
  const ada = by(await as.customer('ada@example.com'));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await ada.get('/api/orders').query({ q: 'ada', limit: 2, cursor }).expect(200);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor ?? undefined;
    await place();
  } while (cursor);
  expect(seen).toEqual(ids);
});

test('a list is of any time that Postgres and JavaScript write alike', async () => {
  const { place, list } = await catalogue();
  const id = await place();
  expect(await list({ from: '0001-01-01', to: '9999-12-31T23:59:59.999Z' })).toEqual([id]);
});

test.each([
  'q=',
  'q=%20',
  'q=%00',
  'q=%FF',
  'from=yesterday',
  'to=2026-13-01',
  'from=1',
  'sellerId=',
  'from=0000-01-01',
  'to=0000-12-31T23:59:59Z',
  'to=0001-01-01T00:00:00%2B01:00',
  'from=9999-12-31T23:59:59-01:00',
])('a list with %s is refused', async (query) => {
  const { api } = await orderService();
  expect((await api.get(`/api/orders?${query}`).expect(400)).body.code).toBe('invalid_request');
});
