import { paymentView } from '@orderflow/contracts/http/payments';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { cancelled, confirmed, paymentService } from '../test/payment-service.ts';

async function service() {
  const parts = await paymentService();
  const { app, db, handle, paymentOf, eventsOf, dueOrder, bank } = parts;
  const [ada, admin] = [await as.customer(), await as.admin()];
  parts.work();
  const ends = (orderId: string, status: string) =>
    eventually(async () => expect((await paymentOf(orderId))!.status).toBe(status));
  const isBlocked = (orderId: string) =>
    eventually(async () =>
      expect(await paymentOf(orderId)).toMatchObject({ blocked: expect.anything(), nextAttemptAt: null }),
    );
  const pay = (orderId: string, paymentMethod: string) =>
    request(app).post(`/api/orders/${orderId}/pay`).set(ada).send({ paymentMethod }).expect(202);
  const chargeAtBank = async (orderId: string) =>
    (
      (await (await fetch(`${bank.url}/v1/charges?reference=${orderId}`)).json()) as {
        items: { id: string }[];
      }
    ).items[0]!.id;

  /** An order that was paid with one card, of which the restored database knows nothing, and then with another. */
  async function chargedBefore(first = 'pm_card_visa') {
    const orderId = await dueOrder();
    await pay(orderId, first);
    await ends(orderId, first === 'pm_card_visa' ? 'CAPTURED' : 'DECLINED');
    const event = confirmed(orderId, null);
    await db.query('TRUNCATE payments, messaging.inbox, messaging.outbox CASCADE');
    await handle(event);
    await pay(orderId, 'pm_card_mastercard');
    await isBlocked(orderId);
    return { orderId, correlationid: event.correlationid };
  }

  /** An order whose charge somebody has refunded at the bank behind our back, and that was cancelled. */
  async function refundedBefore() {
    const orderId = newId();
    await handle(confirmed(orderId));
    await ends(orderId, 'CAPTURED');
    await bank.db.query('UPDATE ledger SET refunded = amount WHERE reference = $1', [orderId]);
    await handle(cancelled(orderId));
    await isBlocked(orderId);
    return orderId;
  }

  async function resolve(orderId: string, body: object, who: Record<string, string> = admin) {
    const { id } = (await paymentOf(orderId))!;
    return request(app)
      .post(`/api/payments/${id}/resolve`)
      .set(who)
      .send({ reason: 'looked at the bank', ...body });
  }
  const view = async (orderId: string) =>
    paymentView.parse((await request(app).get(`/api/orders/${orderId}/payment`).set(admin)).body);
  const typesOf = async (orderId: string) => (await eventsOf(orderId)).map(({ type }) => type);
  return {
    ...parts,
    ada,
    admin,
    ends,
    isBlocked,
    chargeAtBank,
    chargedBefore,
    refundedBefore,
    resolve,
    view,
    typesOf,
  };
}

test('a charge whose key the bank knows of another card is blocked, seen as such, and not asked for again', async () => {
  const { app, admin, chargedBefore, view, eventsOf, paymentOf } = await service();
  const { orderId, correlationid } = await chargedBefore();
  const shown = await view(orderId);
  expect(shown).toMatchObject({
    status: 'CHARGE_BLOCKED',
    problem: { code: 'idempotency_key_reused', message: expect.stringContaining('another request') },
  });
  expect(await eventsOf(orderId)).toMatchObject([
    {
      ...{ type: 'payment.blocked', sequence: 1, correlationid },
      data: { orderId, call: 'charge', code: 'idempotency_key_reused' },
    },
  ]);
  const list = async (status: string) =>
    (await request(app).get(`/api/payments?status=${status}`).set(admin).expect(200)).body.items;
  expect(await list('CHARGE_BLOCKED')).toEqual([shown]);
  expect([await list('CHARGING'), await list('REFUND_BLOCKED')]).toEqual([[], []]);
  expect((await paymentOf(orderId))!.attempts).toBe(1);
});

test('what the operator found at the bank ends it: captured, in the operator’s name', async () => {
  const { chargedBefore, resolve, chargeAtBank, view, eventsOf, handle, ends, bank } = await service();
  const { orderId, correlationid } = await chargedBefore();
  const reference = await chargeAtBank(orderId);
  expect((await resolve(orderId, { outcome: 'captured' })).status).toBe(400);
  const answer = await resolve(orderId, { outcome: 'captured', reference });
  expect([answer.status, answer.body]).toEqual([200, await view(orderId)]);
  expect(answer.body).toMatchObject({ status: 'CAPTURED', problem: null, providerReference: reference });
  const actor = expect.stringMatching(/^admin:/);
  expect((await eventsOf(orderId)).slice(1)).toMatchObject([
    {
      ...{ type: 'payment.resolved', sequence: 2, actor, correlationid },
      data: { outcome: 'captured', reference, reason: 'looked at the bank' },
    },
    { type: 'payment.captured', sequence: 3, actor, data: { providerReference: reference } },
  ]);
  await handle(cancelled(orderId));
  await ends(orderId, 'REFUNDED');
  expect(await bank.totals()).toMatchObject({ charges: 1, refunds: 1 });
});

test('a charge that was never made is declined', async () => {
  const { chargedBefore, resolve, typesOf, paymentOf } = await service();
  const { orderId } = await chargedBefore('pm_card_chargeDeclined');
  expect((await resolve(orderId, { outcome: 'declined' })).body.status).toBe('DECLINED');
  expect(await typesOf(orderId)).toEqual(['payment.blocked', 'payment.resolved', 'payment.declined']);
  expect((await paymentOf(orderId))!.resolution).toBe('declined');
});

test('an order that was cancelled while its charge was blocked is refunded once it turns out to be charged', async () => {
  const { chargedBefore, resolve, chargeAtBank, handle, ends, paymentOf, bank } = await service();
  const { orderId } = await chargedBefore();
  await handle(cancelled(orderId));
  expect((await paymentOf(orderId))!.status).toBe('CHARGING');
  await resolve(orderId, { outcome: 'captured', reference: await chargeAtBank(orderId) });
  await ends(orderId, 'REFUNDED');
  expect(await bank.totals()).toMatchObject({ charges: 1, refunds: 1 });
});

test('a refund that is refused for good is blocked; it is tried again, or was given back in another way', async () => {
  const { refundedBefore, resolve, view, ends, bank, isBlocked, typesOf } = await service();
  const [again, elsewhere] = [await refundedBefore(), await refundedBefore()];
  expect(await view(again)).toMatchObject({
    status: 'REFUND_BLOCKED',
    problem: { code: 'refund_exceeds_charge' },
  });
  expect((await resolve(again, { outcome: 'captured', reference: 'ch_1' })).status).toBe(400);
  expect((await resolve(again, { outcome: 'retry' })).body.status).toBe('REFUNDING');
  await eventually(async () => expect(await typesOf(again)).toHaveLength(4));
  await isBlocked(again);
  await bank.db.query('UPDATE ledger SET refunded = 0 WHERE reference = $1', [again]);
  await resolve(again, { outcome: 'retry' });
  await ends(again, 'REFUNDED');
  expect(await typesOf(again)).toEqual([
    ...['payment.captured', 'payment.blocked', 'payment.resolved', 'payment.blocked', 'payment.resolved'],
    'payment.refunded',
  ]);

  expect((await resolve(elsewhere, { outcome: 'refunded', reference: 'transfer 7' })).body).toMatchObject({
    status: 'REFUNDED',
    refundReference: 'transfer 7',
  });
});

test('only a blocked payment is decided about, once, and only by an admin or OrderFlow itself', async () => {
  const { app, ada, admin, chargedBefore, resolve, dueOrder, typesOf } = await service();
  const { orderId } = await chargedBefore();
  const decline = { outcome: 'declined' };
  expect((await resolve(await dueOrder(), decline)).body.code).toBe('conflict');
  expect((await resolve(orderId, decline, ada)).status).toBe(403);
  expect((await resolve(orderId, decline, await as.seller())).status).toBe(403);
  expect((await resolve(orderId, decline, {})).status).toBe(401);
  expect((await resolve(orderId, { outcome: 'refunded', reference: 're_1' })).body.detail).toContain(
    'captured',
  );
  expect((await resolve(orderId, { ...decline, reason: ' ' })).status).toBe(400);
  const nobodys = await request(app)
    .post(`/api/payments/${newId()}/resolve`)
    .set(admin)
    .send({ ...decline, reason: 'no' });
  expect(nobodys.status).toBe(404);
  const answers = await Promise.all([1, 2, 3].map(() => resolve(orderId, decline)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  expect(await typesOf(orderId)).toEqual(['payment.blocked', 'payment.resolved', 'payment.declined']);
});
