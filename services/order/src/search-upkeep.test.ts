import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { orderService } from '../test/harness.ts';
import { startSearchUpkeep } from './search-upkeep.ts';

async function orders() {
  const { api, db, addProduct } = await orderService();
  // As many different words as a name holds.
  const { productId } = await addProduct({ name: `Enamel ${newId()} ${newId()} ${newId()} ${newId()}` });
  await db.query('CREATE EXTENSION pgstattuple');
  const place = async (count: number) => {
    const order = {
      customer: { name: 'Ada', email: 'ada@example.com' },
      items: [{ productId, quantity: 1 }],
    };
    await Promise.all(Array.from({ length: count }, () => api.post('/api/orders').send(order).expect(201)));
  };
  const waiting = async () =>
    (
      await db.query<{ tuples: number }>(
        "SELECT pending_tuples AS tuples FROM pgstatginindex('order_items_search_idx')",
      )
    )[0]!.tuples;
  const found = async () => (await api.get('/api/orders?q=enamel').expect(200)).body.items.length as number;
  return { db, place, waiting, found };
}

test('words of new orders wait in a list that no order empties, and are found there', async () => {
  const { place, waiting, found } = await orders();
  await place(150); // with a list of 256 kB it was emptied by one of these
  expect(await waiting()).toBeGreaterThanOrEqual(150);
  expect(await found()).toBeGreaterThan(0);
});

test('the upkeep brings waiting words into the index, again and again, and ends when it is stopped', async () => {
  const { db, place, waiting, found } = await orders();
  await place(1);
  expect(await waiting()).toBeGreaterThan(0);
  const scope = testScope();
  const upkeep = startSearchUpkeep({ db, scope, everyMs: 20 });
  onTestFinished(upkeep.stop);
  await eventually(async () => expect(await waiting()).toBe(0));
  await place(1);
  await eventually(async () => expect(await waiting()).toBe(0));
  expect(await found()).toBe(2);
  await upkeep.stop();
  await place(1);
  expect(await waiting()).toBeGreaterThan(0);
});
