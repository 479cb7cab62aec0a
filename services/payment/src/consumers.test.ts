import { subscriptions } from '@orderflow/contracts/groups';
import { newId } from '@orderflow/contracts/ids';
import { handledTypes } from '@orderflow/messaging/consumer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cancelled, confirmed, confirmedWith, paymentService, total } from '../test/payment-service.ts';
import { createHandlers } from './consumers.ts';

test('the handlers are those of the subscriptions', () => {
  const handlers = createHandlers({ openMethod: () => undefined });
  expect(handledTypes(handlers).toSorted()).toEqual(subscriptions.payment.toSorted());
});

test('a confirmed order with a payment method is charged, one without is due', async () => {
  const { handle, paymentOf, eventsOf } = await paymentService();
  const [withMethod, without] = [newId(), newId()];
  await handle(confirmed(withMethod), confirmed(without, null));
  expect(await paymentOf(withMethod)).toMatchObject({
    status: 'CHARGING',
    amount: 2999n,
    currency: 'EUR',
    paymentMethod: 'pm_card_visa',
    nextAttemptAt: expect.any(Date),
  });
  expect(await paymentOf(without)).toMatchObject({ status: 'DUE', amount: 2999n, nextAttemptAt: null });
  expect([...(await eventsOf(withMethod)), ...(await eventsOf(without))]).toEqual([]);
});

test('a cancellation alone leaves a mark and tells nobody', async () => {
  const { handle, paymentOf, eventsOf } = await paymentService();
  const orderId = newId();
  await handle(cancelled(orderId));
  expect(await paymentOf(orderId)).toMatchObject({ status: 'NONE', amount: null });
  expect(await eventsOf(orderId)).toEqual([]);
});

test('what is not charged yet is voided, with one event in the thread of the order', async () => {
  const { handle, paymentOf, eventsOf } = await paymentService();
  const orderId = newId();
  const cancel = { ...cancelled(orderId), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  await handle(confirmed(orderId));
  await handle(cancel);
  const payment = await paymentOf(orderId);
  expect(payment).toMatchObject({ status: 'VOIDED', nextAttemptAt: null });
  expect(await eventsOf(orderId)).toMatchObject([
    {
      type: 'payment.voided',
      subject: orderId,
      orderid: orderId,
      sequence: 1,
      actor: 'system:payment',
      correlationid: cancel.correlationid,
      causationid: cancel.id,
      traceparent: cancel.traceparent,
      data: { orderId, paymentId: payment!.id, amount: total },
    },
  ]);
});

test('confirmation and cancellation at the same time end the same, whoever is first', async () => {
  const { handle, paymentOf, eventsOf } = await paymentService();
  const orders = Array.from({ length: 30 }, newId);
  await Promise.all([handle(...orders.map((id) => confirmed(id))), handle(...orders.map(cancelled))]);
  for (const orderId of orders) {
    expect((await paymentOf(orderId))!.status).toBe('VOIDED');
    expect((await eventsOf(orderId)).map(({ type }) => type)).toEqual(['payment.voided']);
  }
});

/** Batches of events, as they may be read from the stream; duplicates come under their own id or a new one. */
const batches = fc.array(
  fc.array(fc.record({ what: fc.constantFrom('confirmed', 'requested', 'cancelled'), again: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  { maxLength: 4 },
);

test('any order and duplication of confirmed, charge requested and cancelled ends voided, with the same one event', async () => {
  const { handle, paymentOf, eventsOf } = await paymentService();
  await fc.assert(
    fc.asyncProperty(batches, fc.constantFrom('pm_card_visa', 'pm_own', null), async (steps, method) => {
      const orderId = newId();
      const [isConfirmed, requested] = confirmedWith('pm_own', { orderId });
      const first = {
        confirmed: method === 'pm_own' ? isConfirmed : confirmed(orderId, method),
        requested: method === 'pm_own' ? requested : cancelled(orderId),
        cancelled: cancelled(orderId),
      };
      const eventOf = ({ what, again }: { what: string; again: boolean }) => {
        const event = first[what as keyof typeof first];
        return again ? { ...event, id: newId() } : event;
      };
      for (const batch of steps) await handle(...batch.map(eventOf));
      await handle(first.confirmed);
      await handle(first.requested);
      await handle(first.cancelled);

      expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED', amount: 2999n, sequence: 1 });
      expect(await eventsOf(orderId)).toMatchObject([{ type: 'payment.voided', sequence: 1 }]);
    }),
    { numRuns: 40 },
  );
});

const story = {
  VOIDED: ['payment.voided'],
  DECLINED: ['payment.declined'],
  REFUNDED: ['payment.captured', 'payment.refunded'],
};

test('whenever workers call, die and answer in between, no money of a cancelled order is kept', async () => {
  const { handle, workUntil, paymentOf, eventsOf, bankRowsOf } = await paymentService();
  const steps = fc.array(fc.constantFrom('confirmed', 'cancelled', 'claimed', 'answered', 'recorded'), {
    maxLength: 8,
  });
  const methods = fc.constantFrom('pm_card_visa', 'pm_card_chargeDeclined');
  await fc.assert(
    fc.asyncProperty(steps, methods, async (steps, method) => {
      const orderId = newId();
      const events = { confirmed: confirmed(orderId, method), cancelled: cancelled(orderId) };
      for (const step of [...steps, 'confirmed', 'cancelled', 'recorded', 'recorded'] as const) {
        if (step === 'confirmed' || step === 'cancelled') await handle(events[step]);
        else await workUntil(step);
      }

      const { status, sequence } = (await paymentOf(orderId))!;
      const told = await eventsOf(orderId);
      expect(story).toHaveProperty(status);
      expect(told.map(({ type }) => type)).toEqual(story[status as keyof typeof story]);
      expect(told.map((event) => event.sequence)).toEqual(told.map((_, i) => i + 1));
      expect(sequence).toBe(told.length);
      const asked = (await bankRowsOf(orderId)).map((row) => `${row.kind} ${row.status} ${row.amount}`);
      expect(asked).toEqual(
        {
          VOIDED: [],
          DECLINED: ['charge declined 2999'],
          REFUNDED: ['charge succeeded 2999', 'refund succeeded 2999'],
        }[status],
      );
    }),
    { numRuns: 60 },
  );
});
