import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { orderService } from '../test/harness.ts';

const ada = customerIdOf('ada@example.org');

// Half of all orders are of the shop. What is asked for is rare, and lies at the end of a list that is newest first: 40
// orders of Ada among the oldest, 20 shipped ones of the shop and 20 of a boutique.
const FILL = `
  WITH placed AS (
    INSERT INTO orders (id, customer_id, customer_name, customer_email, guest, seller_id, status, payment_status,
      confirmation, confirmation_requested, currency, total, sequence, version, correlation_id, placed_at, updated_at)
    SELECT (lpad(to_hex(1767225600000 + n * 60000), 12, '0') || '7000' || '8000' || lpad(n::text, 12, '0'))::uuid,
      CASE WHEN n BETWEEN 101 AND 140 THEN $1::uuid ELSE gen_random_uuid() END,
      CASE WHEN n BETWEEN 101 AND 140 THEN 'Ada Lovelace' ELSE 'Customer ' || n END, n || '@example.com', false,
      CASE WHEN n BETWEEN 121 AND 140 THEN 'boutique' WHEN n BETWEEN 101 AND 120 OR n % 2 = 0 THEN 'shop'
        ELSE 'seller ' || n % 20 END,
      CASE WHEN n BETWEEN 101 AND 120 THEN 'SHIPPED' ELSE 'PAID' END, 'CAPTURED', 'automatic', true, 'EUR', 100, 4, 4,
      n::text, timestamptz '2026-01-01' + n * interval '1 minute', now()
    FROM generate_series(1, 10000) AS n RETURNING id, customer_name)
  INSERT INTO order_items (order_id, line, product_id, sku, name, quantity, unit_price, search)
  SELECT id, 1, $2, 'MUG-1', 'Mug', 1, 100, lower(E'Mug\\nMUG-1\\n' || customer_name) FROM placed`;

test('every list of orders reads about as many rows as it shows, with each filter and page', {
  timeout: 90_000,
}, async () => {
  const { db, server } = await orderService();
  await fillTables(db, FILL, [ada, newId()]);
  const together = [
    ['status', 'from', 'to'],
    ['status', 'sellerId'],
    ['status', 'customerId'],
    ['status', 'q'],
    ['from', 'to'],
    ['q', 'from', 'to'],
  ];
  const filters = {
    status: 'SHIPPED',
    customerId: ada,
    sellerId: 'shop',
    from: '2026-01-01T01:00:00Z',
    to: '2026-01-01T02:10:00Z',
    q: 'lovelace',
  };
  const callers = {
    admin: await as.admin(),
    seller: await as.seller('shop'),
    customer: await as.customer('ada@example.org'),
  };
  const samples = {
    listOrders: { filters, together, callers },
    plainListOrders: { filters: {}, callers: { nobody: {} } },
  };
  expect(await wastefulLists({ service: 'order', app: server, db, samples })).toEqual([]);
  const rareSeller = { filters: { ...filters, sellerId: 'boutique' }, callers: { admin: callers.admin } };
  const others = { ...samples, listOrders: rareSeller };
  expect(await wastefulLists({ service: 'order', app: server, db, samples: others })).toEqual([]);
});
