import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';
import { aPng } from '../test/pictures.ts';

/** The answers to nobody, a customer, another seller, the product's seller, an admin and a service. */
const matrix: [method: 'get' | 'post' | 'patch' | 'put' | 'delete', path: string, statuses: number[]][] = [
  ['get', '/api/products', [200, 200, 200, 200, 200, 200]],
  ['get', '/api/products/PRODUCT', [200, 200, 200, 200, 200, 200]],
  ['post', '/api/products', [401, 403, 403, 201, 201, 201]],
  ['patch', '/api/products/PRODUCT', [401, 403, 403, 200, 200, 200]],
  ['put', '/api/products/PRODUCT/image', [401, 403, 403, 200, 200, 200]],
  ['get', '/api/products/PRODUCT/image', [200, 200, 200, 200, 200, 200]],
  ['delete', '/api/products/PRODUCT/image', [401, 403, 403, 204, 204, 204]],
  ['get', '/api/inventory', [401, 403, 200, 200, 200, 200]],
  ['get', '/api/inventory/PRODUCT', [401, 403, 403, 200, 200, 200]],
  ['post', '/api/inventory/PRODUCT', [401, 403, 403, 200, 200, 200]],
  ['get', '/api/inventory/PRODUCT/movements', [401, 403, 403, 200, 200, 200]],
  ['get', '/api/reservations/ORDER', [401, 403, 403, 403, 200, 200]],
];

const bodies: Record<string, () => object> = {
  'post /api/products': () => ({
    sku: newId(),
    name: 'Cup',
    price: { amount: 1, currency: 'EUR' },
    sellerId: 'shop',
  }),
  'patch /api/products/PRODUCT': () => ({ name: 'Cup' }),
  'post /api/inventory/PRODUCT': () => ({ change: 1 }),
};

test('each route answers those it is for, and nobody else changes anything', async () => {
  const { anyone, db, handle, addProduct, http } = await inventory();
  const [productId, orderId] = [await addProduct(9, { sellerId: 'shop' }), newId()];
  await handle([anEvent('order.confirmation-requested', { orderId, items: [{ productId, quantity: 1 }] })]);
  const askers = [
    {},
    await as.customer(),
    await as.seller('other'),
    await as.seller('shop'),
    await as.admin(),
    await as.service(),
  ];
  const state = () =>
    db.query(`SELECT (SELECT count(*) FROM messaging.outbox) AS events, (SELECT count(*) FROM movements) AS movements,
      (SELECT count(*) FROM products) AS products, (SELECT count(*) FROM product_images) AS images`);

  for (const [method, path, statuses] of matrix) {
    for (const [i, headers] of askers.entries()) {
      const image = path.endsWith('/image');
      if (image)
        await http.put(`/api/products/${productId}/image`).type('image/png').send(aPng()).expect(200);
      const before = await state();
      const call = anyone[method](path.replace('PRODUCT', productId).replace('ORDER', orderId)).set(headers);
      if (image && method === 'put') call.type('image/png').send(aPng({ note: i + 1 }));
      else call.send(bodies[`${method} ${path}`]?.());
      const { status } = await call;
      expect([method, path, i, status]).toEqual([method, path, i, statuses[i]]);
      if (status >= 400 || method === 'get') expect(await state()).toEqual(before);
      else expect(await state()).not.toEqual(before);
    }
  }
});
