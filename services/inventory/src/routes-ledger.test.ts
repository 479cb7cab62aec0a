import { newId } from '@orderflow/contracts/ids';
import { reservationEntry, type StockEntry, stockEntry } from '@orderflow/contracts/ledgers';
import { anEvent } from '@orderflow/testing/events';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { afterAll, expect, test, vi } from 'vitest';
import { inventory } from '../test/inventory.ts';

const hold = (orderId: string, productId: string, quantity: number) =>
  anEvent('order.confirmation-requested', { orderId, items: [{ productId, quantity }] });
const cancel = (orderId: string) => anEvent('order.cancelled', { orderId, reason: 'cancelled_by_customer' });
const ship = (orderId: string) => anEvent('order.shipped', { orderId });
const paid = (orderId: string) => anEvent('order.paid', { orderId, total: { amount: 1, currency: 'EUR' } });

async function withLedgers() {
  const service = await inventory();
  const stock = ledgerOf(service.app, 'stock', stockEntry);
  return {
    ...service,
    reservations: ledgerOf(service.app, 'reservations', reservationEntry),
    stock,
    /** What the ledger says about the only product. */
    async sums(query: { full?: boolean } = {}): Promise<Pick<StockEntry, 'ledger' | 'held'>> {
      const { items } = await stock.ask({ after: null, limit: 10, ...query });
      const { ledger, held } = items[0]!;
      return { ledger, held };
    },
    /** Changes rows as somebody with access to the database could. */
    async meddle(statement: string, values: unknown[] = []): Promise<void> {
      await service.db.query('ALTER TABLE movements DISABLE TRIGGER movements_append_only');
      await service.db.query(statement, values);
      await service.db.query('ALTER TABLE movements ENABLE TRIGGER movements_append_only');
    },
    summedBefore: async () =>
      (await service.db.query<{ before: string }>('SELECT before FROM movement_sums'))[0]?.before,
  };
}

/** Lets time pass for ids and for what is at rest; not back between tests, because ids do not go back. */
function passMinutes(minutes: number): void {
  const now = Date.now() + minutes * 60_000;
  vi.useFakeTimers({ toFake: ['Date'], now });
}
afterAll(() => void vi.useRealTimers());

const idsOf = (page: { orderId: string }[]) => page.map(({ orderId }) => orderId);

test('reservations are walked in order of id, each once, beside what the movements say of them', async () => {
  const { addProduct, handle, reservations, meddle } = await withLedgers();
  const productId = await addProduct(10);
  const ids = Array.from({ length: 7 }, () => newId());
  const [held, released, shipped, rejected, awaited, unreserved, cancelledFirst] = ids as [
    string,
    ...string[],
  ];
  await handle([hold(held, productId, 2), hold(released!, productId, 3), hold(shipped!, productId, 1)]);
  await handle([hold(rejected!, productId, 99), cancel(released!), ship(shipped!), paid(awaited!)]);
  await handle([cancel(cancelledFirst!)]);
  // Twice, as no honest writer does.
  for (let i = 0; i < 2; i++) {
    await meddle(
      "INSERT INTO movements (id, product_id, kind, quantity, order_id) VALUES ($1, $2, 'RESERVED', 5, $3)",
      [newId(), productId, unreserved],
    );
  }

  const pages = await reservations.walk({ until: null, limit: 3 });
  expect(pages.map(idsOf)).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
  const entries = pages.flat();
  expect(entries.map(({ status }) => status)).toEqual([
    'HELD',
    'RELEASED',
    'SHIPPED',
    'REJECTED',
    'none',
    'none',
    'RELEASED',
  ]);
  const moved = (kind: string, quantity: number, count = 1) => ({ productId, kind, count, quantity });
  expect(entries.map(({ movements }) => movements)).toEqual([
    [moved('RESERVED', 2)],
    [moved('RELEASED', 3), moved('RESERVED', 3)],
    [moved('RESERVED', 1), moved('SHIPPED', 1)],
    [],
    [],
    [moved('RESERVED', 10, 2)],
    [],
  ]);
  expect(entries[0]).toMatchObject({ items: [{ productId, quantity: 2 }], expiresAt: expect.any(String) });

  const named = await reservations.ask({ orders: [unreserved, newId(), held] });
  expect(named).toEqual({ items: [entries[0], entries[5]], next: null });
  const some = await reservations.walk({ after: held, until: rejected, limit: 10 });
  expect(some.map(idsOf)).toEqual([ids.slice(1, 4)]);
});

test('stock is told by product, the columns beside the sums of movements and of what is held', async () => {
  const { addProduct, handle, stock } = await withLedgers();
  const [mug, tea, cup] = [await addProduct(10, { sku: 'MUG' }), await addProduct(5), await addProduct(0)];
  const [first, second] = [newId(), newId()];
  await handle([hold(first, mug, 4), hold(second, mug, 3)]);
  await handle([ship(first)]);
  const pages = await stock.walk({ limit: 2 });
  expect(pages.map((page) => page.map(({ productId }) => productId))).toEqual([[mug, tea], [cup]]);
  expect(pages[0]![0]).toMatchObject({
    ...{ name: 'Mug', price: 2999, currency: 'EUR', sellerId: 'seller', active: true, sequence: 1 },
    productId: mug,
    sku: 'MUG',
    received: 10,
    onHand: 6,
    reserved: 3,
    shipped: 4,
    ledger: { received: 10, reserved: 3, shipped: 4 },
    held: 3,
  });
  expect(pages[1]![0]).toMatchObject({ ledger: { received: 0, reserved: 0, shipped: 0 }, held: 0 });
});

test.each(['"none"', '[{"productId": "x", "quantity": 1}]', '[{"quantity": "two"}]', '[7]'])(
  'a reservation of %s holds nothing, and hides no other and no product',
  async (items) => {
    const { addProduct, handle, reservations, stock, db } = await withLedgers();
    const productId = await addProduct(10);
    const ids = [newId(), newId()] as const;
    await handle(ids.map((id) => hold(id, productId, 2)));
    await db.query('UPDATE reservations SET items = $2 WHERE order_id = $1', [ids[0], items]);
    expect(await stock.entries({ after: null, limit: 10 })).toMatchObject([
      { productId, reserved: 4, held: 2 },
    ]);
    expect(await reservations.entries({ after: null, until: null, limit: 10 })).toMatchObject([
      { orderId: ids[0], items: JSON.parse(items) },
      { orderId: ids[1], items: [{ productId, quantity: 2 }] },
    ]);
  },
);

test('movements and columns of more than a number can say are told of', async () => {
  const { addProduct, handle, reservations, stock, db, meddle } = await withLedgers();
  const [productId, orderId] = [await addProduct(10), newId()];
  await handle([hold(orderId, productId, 2)]);
  passMinutes(10);
  await db.query('UPDATE products SET price = 9007199254740993 WHERE id = $1', [productId]);
  await meddle('UPDATE movements SET quantity = 9223372036854775807 WHERE product_id = $1', [productId]);
  for (let i = 0; i < 2; i++) {
    expect(await stock.entries({ after: null, limit: 10 })).toMatchObject([
      { productId, price: 9007199254740992, ledger: { received: 2 ** 63, reserved: 2 ** 63 } },
    ]);
  }
  expect(await reservations.entries({ after: null, until: null, limit: 10 })).toMatchObject([
    { orderId, movements: [{ quantity: 2 ** 63 }] },
  ]);
});

test('movements that have come to rest are summed once, and what comes after is added to that', async () => {
  const { addProduct, handle, sums, summedBefore, db } = await withLedgers();
  const productId = await addProduct(10);
  const orderId = newId();
  await handle([hold(orderId, productId, 4)]);
  const held = { ledger: { received: 10, reserved: 4, shipped: 0 }, held: 4 };
  expect(await sums()).toEqual(held);
  const [newest] = await db.query<{ id: string }>('SELECT id FROM movements ORDER BY id DESC LIMIT 1');
  expect((await summedBefore())! < newest!.id).toBe(true); // too young to be summed for good

  passMinutes(10);
  expect(await sums()).toEqual(held);
  expect((await summedBefore())! > newest!.id).toBe(true);
  await handle([ship(orderId)]);
  const shipped = { ledger: { received: 10, reserved: 0, shipped: 4 }, held: 0 };
  expect(await sums()).toEqual(shipped);
  expect(await sums({ full: true })).toEqual(shipped);
});

test('readers at once, while orders come, keep sums that are those of all movements', async () => {
  const { addProduct, handle, sums } = await withLedgers();
  const productId = await addProduct(1_000);
  for (let round = 0; round < 4; round++) {
    const orders = Array.from({ length: 10 }, () => hold(newId(), productId, 1));
    await Promise.all([...orders.map((order) => handle([order])), ...orders.map(() => sums())]);
    passMinutes(10);
  }
  const all = { ledger: { received: 1_000, reserved: 40, shipped: 0 }, held: 40 };
  expect(await sums()).toEqual(all);
  expect(await sums({ full: true })).toEqual(all);
});

test('an edit of an old movement is seen by the full sum, and by everybody from then on', async () => {
  const { addProduct, handle, sums, meddle } = await withLedgers();
  const productId = await addProduct(10);
  await handle([hold(newId(), productId, 4)]);
  passMinutes(10);
  const before = await sums();
  await meddle("UPDATE movements SET quantity = 5 WHERE kind = 'RESERVED'");
  expect(await sums()).toEqual(before);
  const edited = { ledger: { received: 10, reserved: 5, shipped: 0 }, held: 4 };
  expect(await sums({ full: true })).toEqual(edited);
  expect(await sums()).toEqual(edited);
});

test('nobody but OrderFlow itself and admins may read them', async () => {
  const { stock, reservations } = await withLedgers();
  expect(await stock.refusals()).toEqual([401, 403, 403]);
  expect(await reservations.refusals()).toEqual([401, 403, 403]);
});
