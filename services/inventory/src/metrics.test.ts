import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { inventory } from '../test/inventory.ts';
import { watchStock } from './metrics.ts';

test('the stock gauges are the sums over all products, and the metrics name no product', async () => {
  const { db, metrics, scope, handle, addProduct, metric } = await inventory();
  const products = [await addProduct(10), await addProduct(5)];
  const items = products.map((productId) => ({ productId, quantity: 2 }));
  await handle([anEvent('order.confirmation-requested', { orderId: newId(), items })]);
  const watching = watchStock({ db, metrics, log: scope.log, everyMs: 20 });
  onTestFinished(watching.stop);
  await eventually(async () =>
    expect(await metric('inventory_stock_items')).toEqual({ available: 11, reserved: 4 }),
  );
  const text = await scope.metrics.registry.metrics();
  expect(text).toContain('inventory_stock_items{state="available",service="test"} 11');
  for (const productId of products) expect(text).not.toContain(productId);
});
