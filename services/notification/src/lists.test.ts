import { customerIdOf } from '@orderflow/contracts/ids';
import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { notificationDatabase } from '../test/notification-database.ts';
import { createApp } from './app.ts';

// What is asked for is rare, and lies at the end of a list that is newest first: 40 orders of Ada among the oldest, 20 of
// whose messages are SMS and pending.
const FILL = `
  WITH customers AS (
    INSERT INTO recipients (order_id, contact, customer_id)
    SELECT ('01900000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, '{}',
      CASE WHEN n BETWEEN 101 AND 140 THEN $1::uuid ELSE gen_random_uuid() END
    FROM generate_series(1, 10000) AS n RETURNING 1)
  INSERT INTO messages (id, event_id, order_id, channel, template, recipient, subject, body, status, sent_at,
    next_attempt_at, correlation_id)
  SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, gen_random_uuid(),
    ('01900000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid,
    CASE WHEN n BETWEEN 101 AND 120 THEN 'sms' ELSE 'email' END, 'order.paid', 'ada@example.org', 'Paid', 'Thanks',
    CASE WHEN n BETWEEN 101 AND 120 THEN 'PENDING' ELSE 'SENT' END,
    CASE WHEN n NOT BETWEEN 101 AND 120 THEN now() END, now() + interval '1 day', 'c'
  FROM generate_series(1, 10000) AS n, (SELECT count(*) FROM customers) AS done`;

test('every list of messages reads about as many rows as it shows, with each filter and page', {
  timeout: 90_000,
}, async () => {
  const { db, prisma } = await notificationDatabase();
  const { redis } = testRedis();
  const app = createApp({ scope: testScope(), db, redis, prisma, auth: testAuth, demo: true });
  await fillTables(db, FILL, [customerIdOf('ada@example.org')]);
  const samples = {
    listNotifications: {
      filters: { orderId: '01900000-0000-7000-9000-000000000111', channel: 'sms', status: 'PENDING' },
      together: [['channel', 'status']],
      callers: { admin: await as.admin(), customer: await as.customer('ada@example.org') },
    },
    plainListNotifications: {
      filters: { order_id: '01900000-0000-7000-9000-000000000130' },
      callers: { nobody: {} },
    },
  };
  expect(await wastefulLists({ service: 'notification', app, db, samples })).toEqual([]);
});
