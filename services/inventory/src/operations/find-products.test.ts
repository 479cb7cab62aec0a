import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { inventory } from '../../test/inventory.ts';

const euros = (amount: number) => ({ amount, currency: 'EUR' });

/** The service with a list whose products are told by their SKUs. */
async function catalogue() {
  const service = await inventory();
  const page = async (query: string, headers: Record<string, string> = {}) => {
    const { body } = await service.anyone.get(`/api/products?${query}`).set(headers).expect(200);
    return { skus: body.items.map(({ sku }: { sku: string }) => sku) as string[], next: body.nextCursor };
  };
  return {
    ...service,
    page,
    list: async (query: string, headers: Record<string, string> = {}) => (await page(query, headers)).skus,
  };
}

test('words are found in name, SKU and description, all of them, the last by its beginning', async () => {
  const { addProduct, list } = await catalogue();
  await addProduct(1, { sku: 'MUG-ENAMEL-1', name: 'Enamel mug', description: 'Survives the campfire.' });
  await addProduct(1, { sku: 'LAMP', name: 'Desk lamp', description: 'Stands beside any mug.' });
  expect(await list('q=enamel')).toEqual(['MUG-ENAMEL-1']);
  expect(await list('q=ena')).toEqual(['MUG-ENAMEL-1']);
  expect(await list('q=mug-enamel-1')).toEqual(['MUG-ENAMEL-1']);
  expect(await list('q=MUG-EN')).toEqual(['MUG-ENAMEL-1']);
  expect(await list('q=campfire+mug')).toEqual(['MUG-ENAMEL-1']);
  expect(await list('q=camp+mug')).toEqual([]);
  expect(await list('q=namel')).toEqual([]);
  expect(await list('q=mug+desk')).toEqual(['LAMP']);
});

test('letters of all alphabets are found in either case', async () => {
  const { addProduct, list } = await catalogue();
  await addProduct(1, { sku: 'DE', name: 'Überseekoffer – groß' });
  await addProduct(1, { sku: 'GR', name: 'Κούπα' });
  expect(await list('q=%C3%BCber')).toEqual(['DE']);
  expect(await list('q=GRO%C3%9F')).toEqual(['DE']);
  expect(await list(`q=${encodeURIComponent('ΚΟΎΠ')}`)).toEqual(['GR']);
});

test.each(['%', '_', '&', "a' | !b", 'mug:*', '((', '<->', '\\', ':*A', '!mug', "''"])(
  'a search for %s is words or nothing, never operators',
  async (q) => {
    const { addProduct, list } = await catalogue();
    await addProduct(1, { sku: 'LAMP', name: 'Lamp' });
    expect(await list(`q=${encodeURIComponent(q)}`)).toEqual([]);
  },
);

test('what has the word in its name comes before what mentions it, then the newest first', async () => {
  const { addProduct, list } = await catalogue();
  await addProduct(1, { sku: 'NAMED', name: 'Tea' });
  await addProduct(1, { sku: 'MENTIONED-1', name: 'Cup', description: 'For tea.' });
  await addProduct(1, { sku: 'MENTIONED-2', name: 'Pot', description: 'For tea.' });
  expect(await list('q=tea')).toEqual(['NAMED', 'MENTIONED-2', 'MENTIONED-1']);
  expect(await list('q=tea&sort=newest')).toEqual(['MENTIONED-2', 'MENTIONED-1', 'NAMED']);
});

test('an edit is found by its new words and no more by the old', async () => {
  const { http, addProduct, list } = await catalogue();
  const id = await addProduct(1, { sku: 'X', name: 'Old' });
  await http.patch(`/api/products/${id}`).send({ name: 'New' }).expect(200);
  expect(await list('q=new')).toEqual(['X']);
  expect(await list('q=old')).toEqual([]);
});

test('filters by seller, price in a currency, and stock go together', async () => {
  const { addProduct, list, http } = await catalogue();
  await addProduct(0, { sku: 'SOLD-OUT', price: euros(500) });
  await addProduct(1, { sku: 'CHEAP', price: euros(500) });
  await addProduct(1, { sku: 'DEAR', price: euros(90_000_000_000) });
  await addProduct(1, { sku: 'YEN', price: { amount: 500, currency: 'JPY' } });
  await addProduct(1, { sku: 'THEIRS', price: euros(501), sellerId: 'other' });
  expect(await list('minPrice=500&maxPrice=500&currency=EUR')).toEqual(['CHEAP', 'SOLD-OUT']);
  expect(await list('minPrice=501&currency=EUR')).toEqual(['THEIRS', 'DEAR']);
  expect(await list('currency=JPY')).toEqual(['YEN']);
  expect(await list('inStock=true&maxPrice=500&currency=EUR')).toEqual(['CHEAP']);
  expect(await list('inStock=false')).toEqual(['SOLD-OUT']);
  expect(await list('sellerId=other')).toEqual(['THEIRS']);
  const reply = await http.get('/api/products?minPrice=1').expect(400);
  expect(reply.body.errors).toMatchObject([{ path: 'currency' }]);
});

test('what is reserved to the last item is not in stock', async () => {
  const { addProduct, list, db } = await catalogue();
  const id = await addProduct(2, { sku: 'HELD' });
  await db.query('UPDATE stock SET reserved = 2 WHERE product_id = $1', [id]);
  expect(await list('inStock=true')).toEqual([]);
});

test('what was withdrawn is listed for its seller and for admins only', async () => {
  const { http, addProduct, list } = await catalogue();
  const id = await addProduct(1, { sku: 'GONE', sellerId: 'shop' });
  await addProduct(1, { sku: 'THERE', sellerId: 'shop' });
  await http.patch(`/api/products/${id}`).send({ active: false }).expect(200);
  const [shop, other] = [await as.seller('shop'), await as.seller('other')];
  expect(await list('')).toEqual(['THERE']);
  expect(await list('active=false')).toEqual([]);
  expect(await list('sellerId=shop', await as.customer())).toEqual(['THERE']);
  expect(await list('', other)).toEqual(['THERE']);
  expect(await list('', shop)).toEqual(['THERE', 'GONE']);
  expect(await list('active=true', shop)).toEqual(['THERE']);
  expect(await list('active=false', await as.admin())).toEqual(['GONE']);
});

test.each([
  ['newest', ['E', 'D', 'C', 'B', 'A']],
  // The euros before the yen, whose amounts mean something else.
  ['price', ['A', 'D', 'E', 'B', 'C']],
  // Upper and lower case alike, and the Ö with the O: as in a dictionary, not as in Unicode.
  ['name', ['B', 'C', 'A', 'D', 'E']],
])('sorted by %s', async (sort, skus) => {
  const { addProduct, list } = await catalogue();
  await addProduct(1, { sku: 'A', name: 'mug', price: euros(100) });
  await addProduct(1, { sku: 'B', name: 'Bowl', price: euros(1000) });
  await addProduct(1, { sku: 'C', name: 'cup', price: { amount: 5, currency: 'JPY' } });
  await addProduct(1, { sku: 'D', name: 'Öl', price: euros(200) });
  await addProduct(1, { sku: 'E', name: 'Vase', price: euros(300) });
  expect(await list(`sort=${sort}`)).toEqual(skus);
});

test.each(['relevance', 'newest', 'price', 'name'])(
  'pages by %s show each product once, though many share a place and others come in between',
  async (sort) => {
    const { addProduct, list, page } = await catalogue();
    for (let i = 0; i < 12; i++) {
      await addProduct(1, {
        sku: `S${i}`,
        name: ['Tea | cup', 'Ääkkönen, "tea"', 'tea\ncup'][i % 3],
        price: i % 2 ? euros(100) : { amount: 1 + (i % 4), currency: 'CHF' },
        description: i % 4 ? '' : 'tea tea',
      });
    }
    const query = `q=tea&sort=${sort}`;
    const whole = await list(query);
    expect(whole).toHaveLength(12);
    const walked: string[] = [];
    let cursor = '';
    do {
      const { skus, next } = await page(`${query}&limit=5${cursor}`);
      walked.push(...skus);
      // First by price and name, and newest; a page that counted rows would now show one again, or leave one out.
      await addProduct(1, { sku: `Z${walked.length}`, name: 'A tea', price: { amount: 0, currency: 'AAA' } });
      cursor = next ? `&cursor=${next}` : '';
    } while (cursor);
    expect(walked.filter((sku) => sku.startsWith('S'))).toEqual(whole);
    expect(new Set(walked).size).toBe(walked.length);
  },
);

test('the longest names can be paged by', async () => {
  const { addProduct, page } = await catalogue();
  const name = '水'.repeat(200);
  await addProduct(1, { sku: 'A', name });
  await addProduct(1, { sku: 'B', name });
  const { next } = await page('sort=name&limit=1');
  expect((await page(`sort=name&limit=1&cursor=${next}`)).skus).toEqual(['B']);
});

test('a cursor that was made up, or is of another order, is refused', async () => {
  const { anyone, addProduct, page } = await catalogue();
  await addProduct(1);
  await addProduct(1);
  const { next } = await page('sort=name&limit=1');
  const madeUp = Buffer.from('EUR\0one\0two').toString('base64url');
  for (const query of [`cursor=${next}`, `sort=price&cursor=${next}`, `sort=price&cursor=${madeUp}`]) {
    const reply = await anyone.get(`/api/products?${query}`).expect(400);
    expect(reply.body).toMatchObject({ code: 'invalid_request' });
  }
  for (const query of ['cursor=!', 'limit=0', 'sort=relevance', 'sort=up', 'minPrice=-1&currency=EUR']) {
    await anyone.get(`/api/products?${query}`).expect(400);
  }
});
