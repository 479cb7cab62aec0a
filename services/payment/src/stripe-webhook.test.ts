import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import {
  cancelled,
  confirmed,
  paymentService,
  stripePaymentService,
  webhookSecret,
} from '../test/payment-service.ts';

const path = '/api/payments/webhooks/stripe';
const now = () => Math.floor(Date.now() / 1000);

const anEventOf = (type: string, object: object) => ({
  id: `evt_${newId()}`,
  object: 'event',
  type,
  created: now(),
  data: { object },
});

async function service() {
  const parts = await stripePaymentService({ timeoutMs: 300 });
  const { app, stripe, handle, workUntil, server, paymentOf, eventsOf, scope, db } = parts;

  /** Delivers an event as Stripe signs it. */
  function deliver(event: object, { secret = webhookSecret, timestamp = now() } = {}) {
    const payload = JSON.stringify(event, null, 2); // what is signed are these bytes, not their meaning
    const header = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
    return request(app)
      .post(path)
      .set('content-type', 'application/json')
      .set('stripe-signature', header)
      .send(payload);
  }

  /** An order whose charge is known to Stripe, and not to us. */
  async function unansweredOrder(method = 'pm_card_visa') {
    const orderId = newId();
    await handle(confirmed(orderId, method));
    await workUntil('answered');
    return { orderId, intent: server.intents().at(-1)! };
  }

  /** An order that was cancelled, refunded at Stripe, and not yet here. */
  async function unansweredRefund() {
    const orderId = newId();
    await handle(confirmed(orderId));
    await workUntil('recorded');
    await handle(cancelled(orderId));
    await workUntil('answered');
    return { orderId, intent: server.intents().at(-1)! };
  }

  const statusOf = async (orderId: string) => (await paymentOf(orderId))!.status;
  const told = async (orderId: string) => (await eventsOf(orderId)).map(({ type }) => type);
  const counted = async (outcome: string) =>
    (await scope.metrics.registry.metrics()).includes(`payment_webhooks_total{outcome="${outcome}",`);
  const stored = () => db.query<{ id: string; type: string }>('SELECT id, type FROM stripe_events');
  return { ...parts, deliver, unansweredOrder, unansweredRefund, statusOf, told, counted, stored };
}

test('orders are charged and refunded at Stripe, once each, however often it loses its answers', async () => {
  const { handle, work, server, statusOf, told } = await service();
  const orderId = newId();
  work();
  server.state.fault = 'lost answer';
  await handle(confirmed(orderId));
  await eventually(() => expect(server.intents()).toHaveLength(1));
  server.state.fault = undefined;
  await eventually(async () => expect(await statusOf(orderId)).toBe('CAPTURED'));
  await handle(cancelled(orderId));
  await eventually(async () => expect(await statusOf(orderId)).toBe('REFUNDED'));
  expect([server.intents().length, server.refunds().length]).toEqual([1, 1]);
  expect(await told(orderId)).toEqual(['payment.captured', 'payment.refunded']);
});

test('a capture that only the webhook tells of is recorded in the thread of the order', async () => {
  const { unansweredOrder, deliver, paymentOf, eventsOf, stored, counted } = await service();
  const { orderId, intent } = await unansweredOrder();
  const event = anEventOf('payment_intent.succeeded', intent);
  const answer = await deliver(event);
  expect([answer.status, answer.body]).toEqual([200, { received: true }]);
  const payment = (await paymentOf(orderId))!;
  expect(payment).toMatchObject({ status: 'CAPTURED', providerReference: intent.id, nextAttemptAt: null });
  expect(await eventsOf(orderId)).toMatchObject([
    {
      type: 'payment.captured',
      sequence: 1,
      correlationid: (payment.cause as { correlationId: string }).correlationId,
      data: { orderId, paymentId: payment.id, providerReference: intent.id },
    },
  ]);
  expect(await stored()).toEqual([{ id: event.id, type: event.type }]);
  expect(await counted('recorded')).toBe(true);
});

test('a decline that only the webhook tells of is recorded with its reason', async () => {
  const { unansweredOrder, deliver, paymentOf, told } = await service();
  const { orderId, intent } = await unansweredOrder('pm_card_chargeDeclinedInsufficientFunds');
  expect((await deliver(anEventOf('payment_intent.payment_failed', intent))).status).toBe(200);
  expect(await paymentOf(orderId)).toMatchObject({ status: 'DECLINED', declineCode: 'insufficient_funds' });
  expect(await told(orderId)).toEqual(['payment.declined']);
});

test('a refund that only the webhook tells of is recorded, because of the cancellation', async () => {
  const { unansweredRefund, deliver, server, paymentOf, eventsOf } = await service();
  const { orderId, intent } = await unansweredRefund();
  expect((await deliver(anEventOf('charge.refunded', server.chargeOf(intent)))).status).toBe(200);
  const payment = (await paymentOf(orderId))!;
  expect(payment).toMatchObject({ status: 'REFUNDED', refundReference: server.refunds()[0]!.id });
  const { causationId } = payment.cancelCause as { causationId: string };
  expect((await eventsOf(orderId))[1]).toMatchObject({ type: 'payment.refunded', causationid: causationId });
});

test('an event that is delivered again, or at the same moment, has one effect', async () => {
  const { unansweredOrder, deliver, told, stored, counted } = await service();
  const { orderId, intent } = await unansweredOrder();
  const event = anEventOf('payment_intent.succeeded', intent);
  const answers = await Promise.all([deliver(event), deliver(event), deliver(event)]);
  answers.push(await deliver(event));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await told(orderId)).toEqual(['payment.captured']);
  expect(await stored()).toHaveLength(1);
  expect(await counted('repeated')).toBe(true);
});

test('the direct answer and the webhook make one effect between them, whichever is first', async () => {
  const { handle, workUntil, server, deliver, told, unansweredOrder } = await service();
  const first = await unansweredOrder();
  await deliver(anEventOf('payment_intent.succeeded', first.intent));
  await workUntil('recorded');
  expect(await told(first.orderId)).toEqual(['payment.captured']);

  const orderId = newId();
  await handle(confirmed(orderId));
  await workUntil('recorded');
  await deliver(anEventOf('payment_intent.succeeded', server.intents().at(-1)!));
  await handle(cancelled(orderId));
  await workUntil('recorded');
  await deliver(anEventOf('charge.refunded', server.chargeOf(server.intents().at(-1)!)));
  expect(await told(orderId)).toEqual(['payment.captured', 'payment.refunded']);
});

test('a capture that is told of again after the refund changes nothing', async () => {
  const { unansweredRefund, deliver, workUntil, statusOf, told } = await service();
  const { orderId, intent } = await unansweredRefund();
  await workUntil('recorded');
  await deliver(anEventOf('payment_intent.succeeded', intent));
  expect(await statusOf(orderId)).toBe('REFUNDED');
  expect(await told(orderId)).toEqual(['payment.captured', 'payment.refunded']);
});

test('the capture of an order that was cancelled meanwhile is refunded', async () => {
  const { unansweredOrder, handle, deliver, workUntil, statusOf } = await service();
  const { orderId, intent } = await unansweredOrder();
  await handle(cancelled(orderId));
  await deliver(anEventOf('payment_intent.succeeded', intent));
  expect(await statusOf(orderId)).toBe('REFUNDING');
  await workUntil('recorded');
  expect(await statusOf(orderId)).toBe('REFUNDED');
});

test.each([
  ['a type that nobody asked for', 'customer.created', {}],
  [
    'a charge of something else',
    'payment_intent.succeeded',
    { id: 'pi_1', status: 'succeeded', metadata: {} },
  ],
  [
    'an order of another system',
    'payment_intent.succeeded',
    { id: 'pi_1', status: 'succeeded', metadata: { orderId: newId(), key: 'charge-1' } },
  ],
])('%s is answered with 200 and ignored', async (_what, type, object) => {
  const { deliver, stored, counted } = await service();
  expect((await deliver(anEventOf(type, object))).status).toBe(200);
  expect(await stored()).toEqual([]);
  expect(await counted('ignored')).toBe(true);
});

test('a charge with the id of an order, but not the one that was asked for, is not its payment', async () => {
  const { unansweredOrder, deliver, statusOf, told } = await service();
  const { orderId, intent } = await unansweredOrder();
  const other = { ...intent, id: 'pi_other', metadata: { orderId, key: `charge-${newId()}` } };
  expect((await deliver(anEventOf('payment_intent.succeeded', other))).status).toBe(200);
  expect(await statusOf(orderId)).toBe('CHARGING');
  expect(await told(orderId)).toEqual([]);
});

test.each([
  ['with another secret', { secret: 'whsec_of_somebody_else' }],
  ['six minutes ago', { timestamp: now() - 360 }],
])('what was signed %s is refused, and nothing is written', async (_when, signing) => {
  const { unansweredOrder, deliver, statusOf, stored, counted } = await service();
  const { orderId, intent } = await unansweredOrder();
  const answer = await deliver(anEventOf('payment_intent.succeeded', intent), signing);
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  expect(await statusOf(orderId)).toBe('CHARGING');
  expect(await stored()).toEqual([]);
  expect(await counted('refused')).toBe(true);
});

test('a body that was changed after it was signed, or was not signed at all, is refused', async () => {
  const { app, stripe, unansweredOrder, statusOf } = await service();
  const { orderId, intent } = await unansweredOrder();
  const payload = JSON.stringify(anEventOf('payment_intent.payment_failed', intent));
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret });
  const changed = payload.replace('payment_failed', 'succeeded');
  const post = () => request(app).post(path).set('content-type', 'application/json');
  expect((await post().set('stripe-signature', header).send(changed)).status).toBe(400);
  expect((await post().send(payload)).status).toBe(400);
  expect(
    (
      await post()
        .set(await as.admin())
        .send(payload)
    ).status,
  ).toBe(400);
  expect((await post()).status).toBe(400);
  expect(await statusOf(orderId)).toBe('CHARGING');
});

test('while Stripe does not say which refund it was the event is to be delivered again', async () => {
  const { unansweredRefund, deliver, server, statusOf } = await service();
  const { orderId, intent } = await unansweredRefund();
  const event = anEventOf('charge.refunded', server.chargeOf(intent));
  server.state.away = true;
  expect((await deliver(event)).status).toBe(503);
  server.state.away = false;
  expect((await deliver(event)).status).toBe(200);
  expect(await statusOf(orderId)).toBe('REFUNDED');
});

test('with Stripe a card number is refused before anything is written, with what to do instead', async () => {
  const { app, dueOrder, statusOf } = await service();
  const orderId = await dueOrder();
  const card = { number: '4242424242424242', expMonth: 12, expYear: 2099, cvc: '123' };
  const answer = await request(app)
    .post(`/api/orders/${orderId}/pay`)
    .set(await as.customer())
    .send({ card });
  expect([answer.status, answer.body.code]).toEqual([422, 'card_refused']);
  expect(answer.body.detail).toContain('send its id as paymentMethod');
  expect(await statusOf(orderId)).toBe('DUE');
});

test('without Stripe there is no webhook', async () => {
  const { app } = await paymentService();
  expect((await request(app).post(path).send({})).status).toBe(404);
});
