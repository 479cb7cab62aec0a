import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { signedDeliveries } from '../test/deliveries.ts';
import { cancelled, confirmed, stripePaymentService, total } from '../test/payment-service.ts';

async function service() {
  const parts = await stripePaymentService({ timeoutMs: 1_000 });
  const { app, handle, workUntil, server, eventsOf, paymentOf } = parts;
  const deliver = signedDeliveries(parts);

  /** An order that is paid at Stripe. */
  async function paidOrder() {
    const orderId = newId();
    await handle(confirmed(orderId));
    await workUntil('recorded');
    return { orderId, intent: server.intents().at(-1)! };
  }
  const cancel = async (orderId: string) => {
    await handle(cancelled(orderId));
    await workUntil('recorded');
  };
  const changes = async (orderId: string) =>
    (await eventsOf(orderId)).filter(({ type }) => type === 'payment.changed-at-provider');
  const typesOf = async (orderId: string) => (await eventsOf(orderId)).map(({ type }) => type);
  const view = async (orderId: string) =>
    (
      await request(app)
        .get(`/api/orders/${orderId}/payment`)
        .set(await as.customer())
    ).body;
  const statusOf = async (orderId: string) => (await paymentOf(orderId))!.status;
  return { ...parts, deliver, paidOrder, cancel, changes, typesOf, view, statusOf };
}

const money = (amount: number) => ({ ...total, amount });

test('parts that are refunded by hand are taken in, told and shown; what is left is refunded on a cancellation', async () => {
  const { paidOrder, cancel, deliver, server, changes, typesOf, view, statusOf } = await service();
  const { orderId, intent } = await paidOrder();
  await deliver('refund.created', server.refundByHand(intent, 1000));
  await deliver('charge.refunded', server.chargeOf(intent));
  await deliver('refund.created', server.refundByHand(intent, 500));
  expect((await changes(orderId)).map(({ data }) => data)).toMatchObject([
    { orderId, amount: total, refunded: money(1000), dispute: null },
    { refunded: money(1500) },
  ]);
  expect(await view(orderId)).toMatchObject({ status: 'CAPTURED', refundedAtProvider: money(1500) });

  await cancel(orderId);
  expect(await statusOf(orderId)).toBe('REFUNDED');
  expect(server.refunds().map(({ amount }) => amount)).toEqual([1000, 500, 1499]);
  await deliver('charge.refunded', server.chargeOf(intent));
  expect((await typesOf(orderId)).at(-1)).toBe('payment.refunded');
  expect(await changes(orderId)).toHaveLength(2);
});

test('a charge that is wholly refunded by hand is not refunded again when its order is cancelled', async () => {
  const { paidOrder, cancel, deliver, server, typesOf, paymentOf } = await service();
  const { orderId, intent } = await paidOrder();
  const { id } = server.refundByHand(intent);
  await deliver('charge.refunded', server.chargeOf(intent));
  await cancel(orderId);
  expect(await paymentOf(orderId)).toMatchObject({ status: 'REFUNDED', refundReference: id });
  expect(server.refunds()).toHaveLength(1);
  expect(await typesOf(orderId)).toEqual([
    'payment.captured',
    'payment.changed-at-provider',
    'payment.refunded',
  ]);
});

test('a refund that a part by hand makes too large is blocked, and goes on with the rest when the part is reported', async () => {
  const { paidOrder, cancel, deliver, server, statusOf, view, workUntil } = await service();
  const { orderId, intent } = await paidOrder();
  const part = server.refundByHand(intent, 1000);
  await cancel(orderId);
  expect(await view(orderId)).toMatchObject({
    status: 'REFUND_BLOCKED',
    problem: { code: expect.any(String) },
  });
  await deliver('refund.created', part);
  expect(await statusOf(orderId)).toBe('REFUNDING');
  await workUntil('recorded');
  expect(await statusOf(orderId)).toBe('REFUNDED');
  expect(server.refunds().map(({ amount }) => amount)).toEqual([1000, 1999]);
});

test('a part by hand that is reported while our own refund is under way leaves the rest', async () => {
  const { paidOrder, handle, deliver, server, workUntil, statusOf } = await service();
  const { orderId, intent } = await paidOrder();
  const part = server.refundByHand(intent, 1000);
  await handle(cancelled(orderId));
  await workUntil('answered'); // Stripe has refused, and nobody has written that down
  await deliver('refund.created', part);
  await workUntil('recorded');
  expect(await statusOf(orderId)).toBe('REFUNDED');
  expect(server.refunds().map(({ amount }) => amount)).toEqual([1000, 1999]);
});

test('a refund by hand that fails later is taken back', async () => {
  const { paidOrder, deliver, server, changes, view } = await service();
  const { orderId, intent } = await paidOrder();
  const refund = server.refundByHand(intent, 1000);
  await deliver('refund.created', refund);
  refund.status = 'failed';
  await deliver('refund.failed', refund);
  expect((await changes(orderId)).map(({ data }) => data)).toMatchObject([
    { refunded: money(1000) },
    { refunded: money(0) },
  ]);
  expect(await view(orderId)).toMatchObject({ refundedAtProvider: null });
});

test.each([
  ['lost', 'lost'],
  ['won', 'won'],
  ['warning_closed', 'won'],
])('a dispute is taken in when it is opened, and when it is closed as %s', async (status, told) => {
  const { paidOrder, deliver, server, changes, view, statusOf } = await service();
  const { orderId, intent } = await paidOrder();
  const dispute = server.dispute(intent, 2000);
  await deliver('charge.dispute.created', dispute);
  const { id: reference } = dispute;
  expect(await view(orderId)).toMatchObject({ dispute: { reference, status: 'open', amount: money(2000) } });
  await deliver('charge.dispute.closed', Object.assign(dispute, { status }));
  expect((await changes(orderId)).map(({ data }) => data)).toMatchObject([
    { refunded: money(0), dispute: { reference, status: 'open', amount: money(2000) } },
    { dispute: { status: told } },
  ]);
  expect(await statusOf(orderId)).toBe('CAPTURED');
});

test('reports that come at once, twice, and in any order leave what Stripe says in the end', async () => {
  const { paidOrder, deliver, server, changes, stored } = await service().then((parts) => ({
    ...parts,
    stored: () => parts.db.query('SELECT id FROM stripe_events'),
  }));
  const { orderId, intent } = await paidOrder();
  const first = server.refundByHand(intent, 100);
  const second = server.refundByHand(intent, 200);
  const dispute = server.dispute(intent);
  const id = `evt_${newId()}`;
  const answers = await Promise.all([
    deliver('refund.created', second, { id }),
    deliver('refund.created', second, { id }),
    deliver('charge.dispute.created', dispute),
    deliver('refund.created', first),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await changes(orderId)).map(({ data }) => data)).toMatchObject([
    { refunded: money(300), dispute: { status: 'open' } },
  ]);
  expect(await stored()).toHaveLength(3);
});

test('what is reported before the charge is written down is to be reported again', async () => {
  const { handle, workUntil, deliver, server, changes } = await service();
  const orderId = newId();
  await handle(confirmed(orderId));
  await workUntil('answered');
  const refund = server.refundByHand(server.intents()[0]!, 1000);
  const early = await deliver('refund.created', refund);
  expect([early.status, early.body.code]).toEqual([503, 'unavailable']);
  await workUntil('recorded');
  expect((await deliver('refund.created', refund)).status).toBe(200);
  expect(await changes(orderId)).toHaveLength(1);
});

test('while Stripe does not answer, a report is to be delivered again', async () => {
  const { paidOrder, deliver, server, changes } = await service();
  const { orderId, intent } = await paidOrder();
  const refund = server.refundByHand(intent, 1000);
  server.state.away = true;
  expect((await deliver('refund.created', refund)).status).toBe(503);
  server.state.away = false;
  expect((await deliver('refund.created', refund)).status).toBe(200);
  expect(await changes(orderId)).toHaveLength(1);
});

test('refunds and disputes of charges that are not ours are ignored', async () => {
  const { deliver, server, db } = await service();
  const foreign = server.chargeByHand({ amount: '500', currency: 'eur' });
  const unknown = server.chargeByHand(
    { amount: '500', currency: 'eur' },
    { orderId: newId(), key: 'charge-1' },
  );
  for (const intent of [foreign, unknown]) {
    expect((await deliver('refund.created', server.refundByHand(intent))).status).toBe(200);
    expect((await deliver('charge.refunded', server.chargeOf(intent))).status).toBe(200);
    expect((await deliver('charge.dispute.created', server.dispute(intent))).status).toBe(200);
  }
  expect(await db.query('SELECT id FROM stripe_events')).toEqual([]);
});
