import { createClient } from '@orderflow/client/client';
import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { aServer } from '../../test/fake-answers.ts';
import { aShop, type Mood } from '../../test/fake-shop.ts';
import { askForOrder } from './ask.ts';

const body = {
  customer: { name: 'Drill a', email: 'drill-a@drills.orderflow.invalid' },
  items: [{ productId: newId(), quantity: 1 }],
};

async function asked(mood: Mood, patienceMs = 1_500) {
  const shop = await aShop();
  shop.mood = mood;
  const results: boolean[] = [];
  const ending = new AbortController();
  const answer = askForOrder({
    client: createClient({ baseUrl: shop.url, token: 'secret', timeoutMs: mood === 'hang' ? 400 : 10_000 }),
    body,
    key: 'k-1',
    patienceMs,
    signal: ending.signal,
    onTry: (good) => results.push(good),
  });
  return { shop, answer, results, ending };
}

test('an order that is taken at the first try is asked for once', async () => {
  const { shop, answer, results } = await asked('well');
  expect(await answer).toEqual({ id: shop.byKey.get('k-1') });
  expect(results).toEqual([true]);
});

test.each<Mood>(['busy', 'fail', 'hang'])(
  'after %s it is asked for again by its key, and then refused',
  async (mood) => {
    const { shop, answer, results } = await asked(mood);
    expect(await answer).toEqual({ refusal: expect.stringContaining('/api/orders') });
    expect(shop.tries.length).toBeGreaterThan(1);
    expect(new Set(shop.tries.map(({ key }) => key))).toEqual(new Set(['k-1']));
    expect(results).toEqual(shop.tries.map(() => false));
  },
);

test('Retry-After is waited for', async () => {
  const { shop, answer } = await asked('busy', 10_000);
  const begun = Date.now();
  await expect.poll(() => shop.tries.length).toBeGreaterThan(0);
  shop.mood = 'well';
  expect(await answer).toHaveProperty('id');
  expect(Date.now() - begun).toBeGreaterThan(990);
});

test('an answer that was lost is fetched by the same key, and one order is there', async () => {
  const { shop, answer, results } = await asked('lose', 10_000);
  await expect.poll(() => shop.tries.length).toBeGreaterThan(0);
  shop.mood = 'well';
  expect(await answer).toEqual({ id: shop.byKey.get('k-1') });
  expect(shop.orders.size).toBe(1);
  expect([results[0], results.at(-1)]).toEqual([false, true]);
});

test('what repeating does not mend is refused at once', async () => {
  const { shop, answer } = await asked('forbid', 60_000);
  expect(await answer).toEqual({ refusal: expect.stringContaining('403') });
  expect(shop.tries).toHaveLength(1);
});

test('a product that those who take orders have not heard of yet is asked for again', async () => {
  const refusal = { status: 422, title: 't', detail: 'd', code: 'unknown_product', traceId: 'a', type: 't' };
  const server = await aServer(() => ({ status: 422, body: refusal }));
  const client = createClient({ baseUrl: server.url });
  const { signal } = new AbortController();
  await askForOrder({ client, body, key: 'k', patienceMs: 1_500, signal, onTry: () => {} });
  expect(server.asked.length).toBeGreaterThan(1);
});

test('it ends at once when it is told to', async () => {
  const { answer, ending, shop } = await asked('hang', 60_000);
  await expect.poll(() => shop.tries.length).toBeGreaterThan(0);
  ending.abort(new Error('over'));
  await expect(answer).rejects.toThrow('over');
});
