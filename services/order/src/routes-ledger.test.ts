import { newId } from '@orderflow/contracts/ids';
import { orderEntry, productEntry } from '@orderflow/contracts/ledgers';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { expect, test } from 'vitest';
import { factsAbout } from '../test/builders.ts';
import { aCustomer, orderService } from '../test/harness.ts';

async function withOrders(count: number) {
  const service = await orderService();
  const products = [await service.addProduct(), await service.addProduct()];
  const items = products.map(({ productId }, i) => ({ productId, quantity: i + 1 }));
  const place = async (body: object = {}): Promise<string> =>
    (
      await service.api
        .post('/api/orders')
        .send({ customer: aCustomer, items, ...body })
        .expect(201)
    ).body.id;
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await place());
  return { ...service, items, place, ids, ledger: ledgerOf(service.server, 'orders', orderEntry) };
}

const idsOf = (page: { orderId: string }[]) => page.map(({ orderId }) => orderId);

test('orders are walked in the order of placing, each once, up to the last one that was asked for', async () => {
  const { ids, ledger } = await withOrders(5);
  expect((await ledger.walk({ until: null, limit: 2 })).map(idsOf)).toEqual([
    ids.slice(0, 2),
    ids.slice(2, 4),
    ids.slice(4),
  ]);
  expect((await ledger.walk({ after: ids[0], until: ids[3], limit: 3 })).map(idsOf)).toEqual([
    ids.slice(1, 4),
  ]);
});

test('orders that are named are given; one that nobody knows is missing', async () => {
  const { ids, items, ledger } = await withOrders(3);
  const { items: found, next } = await ledger.ask({ orders: [ids[2], newId(), ids[0]!.toUpperCase()] });
  expect([idsOf(found), next]).toEqual([[ids[0], ids[2]], null]);
  expect(found[0]).toMatchObject({
    status: 'PENDING',
    total: 3 * 2999,
    currency: 'EUR',
    awaitsSeller: false,
    chargedAtOnce: false,
    customerEmail: aCustomer.email,
    sequence: 2,
    items: items.map((item, i) => ({ ...item, line: i + 1, unitPrice: 2999 })),
    expiresAt: null,
  });
});

test('an order with values that nobody reads is told of, and hides no other', async () => {
  const { ids, ledger, db } = await withOrders(2);
  await db.query("UPDATE orders SET total = 9007199254740993, placed_at = 'infinity' WHERE id = $1", [
    ids[0],
  ]);
  expect(await ledger.entries({ after: null, until: null, limit: 2 })).toMatchObject([
    { orderId: ids[0], total: 9007199254740992, placedAt: null },
    { orderId: ids[1], total: 3 * 2999 },
  ]);
});

test('it says whether an order waits for its seller, and whether it is charged by itself', async () => {
  const { api, place, ledger, db, handlers } = await withOrders(0);
  await api.put('/api/sellers/seller-1/settings').send({ confirmation: 'seller' }).expect(200);
  const id = await place({ paymentMethod: 'pm_card_visa' });
  const entry = async () => (await ledger.ask({ orders: [id] })).items[0];
  expect(await entry()).toMatchObject({ status: 'PENDING', awaitsSeller: true, chargedAtOnce: true });
  await api.post(`/api/orders/${id}/confirm`).expect(200);
  expect(await entry()).toMatchObject({ status: 'PENDING', awaitsSeller: false });
  await db.transaction((tx) => handlers['inventory.reserved']([factsAbout(id).reserved], tx));
  expect(await entry()).toMatchObject({ status: 'CONFIRMED', expiresAt: expect.any(String) });
});

test('its copy of products is told of those that are named', async () => {
  const { items, server } = await withOrders(0);
  const products = ledgerOf(server, 'products', productEntry);
  const { productId } = items[0]!;
  const { items: found } = await products.ask({ products: [newId(), productId] });
  expect(found).toMatchObject([{ productId, price: 2999, currency: 'EUR', active: true, sequence: 1 }]);
  expect(await products.refusals()).toEqual([401, 403, 403]);
});

test('nobody but OrderFlow itself and admins may read it', async () => {
  const { ledger } = await withOrders(0);
  expect(await ledger.refusals()).toEqual([401, 403, 403]);
});
