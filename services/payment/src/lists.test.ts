import { customerIdOf } from '@orderflow/contracts/ids';
import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { paymentService } from '../test/payment-service.ts';

// Half of all payments are of the shop. What is asked for is rare, and lies at the end of a list that is newest first: 40
// payments of Ada among the oldest, 20 of them declined.
const FILL = `
  INSERT INTO payments (id, order_id, customer_id, seller_id, status, amount, currency, cause, decline_code,
    provider_reference, attempts, sequence, created_at, updated_at)
  SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
    ('01900000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid,
    CASE WHEN n BETWEEN 101 AND 140 THEN $1::uuid ELSE gen_random_uuid() END,
    CASE WHEN n BETWEEN 101 AND 140 OR n % 2 = 0 THEN 'shop' ELSE 'seller ' || n % 20 END,
    CASE WHEN n BETWEEN 101 AND 120 THEN 'DECLINED' ELSE 'CAPTURED' END, 100, 'EUR', '{}',
    CASE WHEN n BETWEEN 101 AND 120 THEN 'card_declined' END,
    CASE WHEN n NOT BETWEEN 101 AND 120 THEN 'ch_' || n END, 1, 1, now(), now()
  FROM generate_series(1, 10000) AS n`;

test('every list of payments reads about as many rows as it shows, with each filter and page', {
  timeout: 90_000,
}, async () => {
  const { db, app } = await paymentService();
  await fillTables(db, FILL, [customerIdOf('ada@example.org')]);
  const listPayments = {
    filters: { orderId: '01900000-0000-7000-9000-000000000111', status: 'DECLINED' },
    callers: {
      admin: await as.admin(),
      seller: await as.seller('shop'),
      customer: await as.customer('ada@example.org'),
    },
  };
  expect(await wastefulLists({ service: 'payment', app, db, samples: { listPayments } })).toEqual([]);
});
