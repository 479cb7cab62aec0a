import { subscriptions } from '@orderflow/contracts/groups';
import { customerIdOf } from '@orderflow/contracts/ids';
import { handledTypes } from '@orderflow/messaging/consumer';
import { testScope } from '@orderflow/testing/scope';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customerService, orderPlacedBy } from '../test/customer-service.ts';
import { createHandlers } from './consumers.ts';
import { createCustomerMetrics } from './metrics.ts';

test('every event that the group subscribes to has a handler, and no other', () => {
  const metrics = createCustomerMetrics(testScope().metrics);
  expect(handledTypes(createHandlers({ metrics }))).toEqual([...subscriptions.customer]);
});

test('an order of somebody new leaves a guest record and the event that says so', async () => {
  const { deliver, customers, outbox, scope } = await customerService();
  const placed = orderPlacedBy('Ada@Example.org', { phone: '+4930123456' });
  await deliver(placed);
  const id = customerIdOf('ada@example.org');
  expect(await customers()).toMatchObject([
    { id, name: 'Ada Lovelace', email: 'ada@example.org', phone: '+4930123456', guest: true, sequence: 1 },
  ]);
  expect(await outbox()).toMatchObject([
    {
      type: 'customer.created',
      subject: id,
      sequence: 1,
      orderid: placed.data.orderId,
      causationid: placed.id,
      correlationid: placed.correlationid,
      actor: 'system:customer',
      data: { customerId: id, name: 'Ada Lovelace', guest: true },
    },
  ]);
  expect(await scope.metrics.registry.metrics()).toMatch(
    /customers_created_total\{kind="guest",service="test"\} 1/,
  );
});

test('further orders, also in the same batch and in other letters, change nothing and tell nothing', async () => {
  const { deliver, customers, outbox } = await customerService();
  await deliver(orderPlacedBy('ada@example.org'), orderPlacedBy('ADA@example.org', { name: 'A. L.' }));
  await deliver(
    orderPlacedBy('ada@example.org', { name: 'Somebody else' }),
    orderPlacedBy('bob@example.org'),
  );
  expect((await customers()).map(({ email, name }) => [email, name])).toEqual([
    ['ada@example.org', 'Ada Lovelace'],
    ['bob@example.org', 'Ada Lovelace'],
  ]);
  expect(await outbox()).toHaveLength(2);
});

test('an order of a registered customer leaves their record as it is', async () => {
  const { admin, deliver, customers, outbox } = await customerService();
  await admin.post('/api/customers').send({ name: 'Ada', email: 'ada@example.org' }).expect(201);
  const before = await customers();
  await deliver(orderPlacedBy('ada@example.org', { name: 'Other', phone: '+4930123456' }));
  expect(await customers()).toEqual(before);
  expect(await outbox()).toHaveLength(1);
});

test('batches with the same guests at the same moment make one record and one event for each', async () => {
  const { deliver, customers, outbox } = await customerService();
  const emails = Array.from({ length: 50 }, (_, i) => `guest${i}@example.org`);
  const batches = [emails, emails.toReversed(), emails.toSorted(), emails.slice(20)].map((list) =>
    list.map((email) => orderPlacedBy(email)),
  );
  await Promise.all(batches.map((batch) => deliver(...batch)));
  expect(await customers()).toHaveLength(50);
  expect(new Set((await outbox()).map(({ subject }) => subject)).size).toBe(50);
  expect(await outbox()).toHaveLength(50);
});

test('a hundred orders in one batch make a hundred guests', async () => {
  const { deliver, customers } = await customerService();
  await deliver(...Array.from({ length: 100 }, (_, i) => orderPlacedBy(`guest${i}@example.org`)));
  expect(await customers()).toHaveLength(100);
});

test('any order, duplication and cut of orders ends with the same customers, each told of once', async () => {
  const { db, deliver, customers, outbox } = await customerService();
  const emails = ['a@example.org', 'b@example.org', 'a@example.org', 'c@example.org', 'b@example.org'];
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 0, 1, 2, 3, 4], { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 15, maxLength: 15 }),
      async (order, batchSizes) => {
        await db.query(
          'TRUNCATE customers, accounts, password_resets, sessions, refresh_tokens, messaging.outbox, messaging.inbox',
        );
        const events = emails.map((email) => orderPlacedBy(email));
        const deliveries = [...order, 0, 1, 2, 3, 4].map((position) => events[position]!); // each at least once
        for (const size of batchSizes)
          if (deliveries.length > 0) await deliver(...deliveries.splice(0, size));
        expect((await customers()).map(({ email }) => email)).toEqual([...new Set(emails)]);
        expect((await outbox()).map(({ subject }) => subject).sort()).toEqual(
          [...new Set(emails)].map(customerIdOf).sort(),
        );
      },
    ),
    { numRuns: 30 },
  );
});
