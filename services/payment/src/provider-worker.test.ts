import { readFileSync } from 'node:fs';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { cancelled, confirmed, paymentService, total } from '../test/payment-service.ts';
import { callProvider, claimCalls, oldestUnknownAge, recordAnswers } from './operations/provider-calls.ts';

const freePayments = new URL(
  '../prisma/migrations/20261129150000_free_payments/migration.sql',
  import.meta.url,
);

type Service = Awaited<ReturnType<typeof paymentService>>;

const ends = ({ paymentOf }: Service, orderId: string, status: string) =>
  eventually(async () => expect((await paymentOf(orderId))?.status).toBe(status));

const typesOf = async ({ eventsOf }: Service, orderId: string) =>
  (await eventsOf(orderId)).map(({ type }) => type);

test('a charge is captured once, and told of with the reference of the provider', async () => {
  const service = await paymentService();
  const worker = service.work();
  const orderId = newId();
  const event = confirmed(orderId);
  await service.handle(event);
  await ends(service, orderId, 'CAPTURED');
  const payment = (await service.paymentOf(orderId))!;
  expect(payment).toMatchObject({ attempts: 1, nextAttemptAt: null, firstAttemptAt: null });
  expect(await service.eventsOf(orderId)).toMatchObject([
    {
      type: 'payment.captured',
      sequence: 1,
      attempt: 1,
      correlationid: event.correlationid,
      causationid: event.id,
      data: {
        orderId,
        paymentId: payment.id,
        amount: total,
        providerReference: payment.providerReference,
      },
    },
  ]);
  const ledger = await fetch(`${service.bank.url}/v1/ledger`);
  expect(await ledger.json()).toMatchObject({
    items: [{ id: payment.providerReference, idempotencyKey: `charge-${orderId}`, reference: orderId }],
  });
  const metrics = await worker.registry.metrics();
  expect(metrics).toMatch(/payment_charges_total{outcome="captured",service="test"} 1/);
  expect(metrics).toMatch(/payment_provider_duration_seconds_count{.*call="charge".*} 1/);
});

test('a charge that was put off by an hour, since the clock was ahead, is made at once', async () => {
  const service = await paymentService();
  const orderId = newId();
  await service.handle(confirmed(orderId));
  await service.db.query("UPDATE payments SET next_attempt_at = now() + interval '1 h'");
  service.work();
  await ends(service, orderId, 'CAPTURED');
});

test('a free order is paid, and refunded, without a method and without asking the bank', async () => {
  const service = await paymentService();
  const worker = service.work();
  const orderId = newId();
  await service.handle(confirmed(orderId, null, { amount: 0 }));
  await ends(service, orderId, 'CAPTURED');
  await service.handle(cancelled(orderId));
  await ends(service, orderId, 'REFUNDED');
  expect(await typesOf(service, orderId)).toEqual(['payment.captured', 'payment.refunded']);
  expect(await service.bankRowsOf(orderId)).toEqual([]);
  await worker.stop();
});

test('a free order that is due from before such orders were paid at once is paid by the migration', async () => {
  const service = await paymentService();
  const [free, costly] = [await service.dueOrder(), await service.dueOrder()];
  await service.db.query('UPDATE payments SET amount = 0 WHERE order_id = $1', [free]);
  await service.db.query(readFileSync(freePayments, 'utf8'));
  service.work();
  await ends(service, free, 'CAPTURED');
  expect(await service.paymentOf(free)).toMatchObject({ paymentMethod: 'free', providerReference: 'free' });
  expect(await typesOf(service, free)).toEqual(['payment.captured']);
  expect(await service.bankRowsOf(free)).toEqual([]);
  expect(await service.paymentOf(costly)).toMatchObject({ status: 'DUE', paymentMethod: null });
});

test('a payment whose database was restored to before it is charged by the key of the first time, so once', async () => {
  const service = await paymentService();
  service.work();
  const orderId = newId();
  const event = confirmed(orderId);
  await service.handle(event);
  await ends(service, orderId, 'CAPTURED');
  const first = await service.paymentOf(orderId);

  await service.db.query('TRUNCATE payments, messaging.inbox, messaging.outbox CASCADE');
  await service.handle(event);
  await ends(service, orderId, 'CAPTURED');
  expect((await service.paymentOf(orderId))!.providerReference).toBe(first!.providerReference);
  expect(await service.bankRowsOf(orderId)).toEqual([
    { kind: 'charge', status: 'succeeded', amount: total.amount },
  ]);
});

test.each([
  ['pm_card_chargeDeclined', 'card_declined'],
  ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
  ['pm_of_nobody', 'resource_missing'],
])('a charge of %s is declined with the code %s', async (method, code) => {
  const service = await paymentService();
  service.work();
  const orderId = newId();
  await service.handle(confirmed(orderId, method));
  await ends(service, orderId, 'DECLINED');
  expect(await service.paymentOf(orderId)).toMatchObject({ declineCode: code, providerReference: null });
  expect(await service.eventsOf(orderId)).toMatchObject([
    { type: 'payment.declined', sequence: 1, data: { code, message: expect.stringMatching(/.+/) } },
  ]);
  await service.handle(cancelled(orderId));
  expect((await service.paymentOf(orderId))!.status).toBe('DECLINED');
  expect(await typesOf(service, orderId)).toEqual(['payment.declined']);
});

test('a captured payment of a cancelled order is refunded, because of the cancellation', async () => {
  const service = await paymentService();
  service.work();
  const orderId = newId();
  await service.handle(confirmed(orderId));
  await ends(service, orderId, 'CAPTURED');
  const cancel = cancelled(orderId);
  await service.handle(cancel);
  await ends(service, orderId, 'REFUNDED');
  const payment = (await service.paymentOf(orderId))!;
  expect((await service.eventsOf(orderId))[1]).toMatchObject({
    type: 'payment.refunded',
    sequence: 2,
    causationid: cancel.id,
    data: { paymentId: payment.id, amount: total, providerReference: payment.refundReference },
  });
  expect(await service.bank.totals()).toMatchObject({ charged: { EUR: 2999 }, refunded: { EUR: 2999 } });
});

test('a cancellation while the bank is being asked waits for the answer, and a capture is refunded', async () => {
  const service = await paymentService({ timeoutMs: 300 });
  service.bank.faults.set({ ...service.bank.faults.settings(), hang: true });
  service.work();
  const orderId = newId();
  await service.handle(confirmed(orderId));
  await eventually(async () => expect((await service.bank.totals()).charges).toBe(1));
  await service.handle(cancelled(orderId));
  expect((await service.paymentOf(orderId))!.status).toBe('CHARGING');
  service.bank.faults.reset();
  await ends(service, orderId, 'REFUNDED');
  expect(await typesOf(service, orderId)).toEqual(['payment.captured', 'payment.refunded']);
  expect(await service.bank.totals()).toMatchObject({ charges: 1, refunds: 1 });
});

test.each([
  ['fails before it records', { errorRate: 1 }],
  ['loses its answers', { lostAnswerRate: 1 }],
])('however often a bank that %s is asked, each order is charged and refunded once', async (_what, fault) => {
  const service = await paymentService();
  const { bank, handle, paymentOf } = service;
  service.work();
  const orders = Array.from({ length: 4 }, newId);
  await whileAtFault(() => handle(...orders.map((id) => confirmed(id))));
  for (const orderId of orders) await ends(service, orderId, 'CAPTURED');
  await whileAtFault(() => handle(...orders.map(cancelled)));
  for (const orderId of orders) await ends(service, orderId, 'REFUNDED');
  expect(await bank.totals()).toEqual({
    charged: { EUR: 4 * 2999 },
    refunded: { EUR: 4 * 2999 },
    charges: 4,
    refunds: 4,
    declined: 0,
  });

  /** Until every order was asked for twice. */
  async function whileAtFault(start: () => Promise<unknown>): Promise<void> {
    bank.faults.set({ ...bank.faults.settings(), ...fault });
    await start();
    for (const orderId of orders) {
      await eventually(async () => expect((await paymentOf(orderId))!.attempts).toBeGreaterThan(1));
    }
    bank.faults.reset();
  }
});

test('a bank that hangs makes one charge, and its answer is learnt when it speaks again', async () => {
  const service = await paymentService({ timeoutMs: 200 });
  const { bank, scope } = service;
  bank.faults.set({ ...bank.faults.settings(), hang: true });
  const worker = service.work();
  const orderId = newId();
  await service.handle(confirmed(orderId));
  await eventually(async () => expect((await service.paymentOf(orderId))!.attempts).toBeGreaterThan(1));
  expect(await service.paymentOf(orderId)).toMatchObject({ status: 'CHARGING' });
  expect(await oldestUnknownAge(service.db)).toBeGreaterThan(0);
  bank.faults.reset();
  await ends(service, orderId, 'CAPTURED');
  expect(await oldestUnknownAge(service.db)).toBe(0);
  expect(await bank.totals()).toMatchObject({ charges: 1 });
  expect((await service.eventsOf(orderId))[0]!.attempt).toBeGreaterThan(1);
  expect(await worker.registry.metrics()).toMatch(/payment_charges_total{outcome="unknown",.*} [1-9]/);
  const { id: job } = (await service.paymentOf(orderId))!;
  expect(scope.lines).toContainEqual(expect.objectContaining({ level: 40, job }));
});

test('two workers at once make one charge an order', async () => {
  const service = await paymentService();
  service.work();
  service.work();
  const orders = Array.from({ length: 60 }, newId);
  await Promise.all(orders.map((id) => service.handle(confirmed(id))));
  for (const orderId of orders) await ends(service, orderId, 'CAPTURED');
  expect(await service.bank.totals()).toMatchObject({ charges: 60, charged: { EUR: 60 * 2999 } });
  for (const orderId of orders) expect(await typesOf(service, orderId)).toEqual(['payment.captured']);
});

test('an answer that is reported again, by a worker whose lease ran out, changes nothing', async () => {
  const service = await paymentService();
  const { db, provider, handle } = service;
  const orderId = newId();
  await handle(confirmed(orderId));
  const calls = [...(await claimCalls(db, 1, 0)), ...(await claimCalls(db, 1, 0))];
  const answers = await Promise.all(
    calls.map(async (call) => ({ call, answer: await callProvider(provider, call) })),
  );
  expect(answers).toHaveLength(2);
  await Promise.all(answers.map((answer) => recordAnswers(db, [answer])));
  expect(await typesOf(service, orderId)).toEqual(['payment.captured']);
  await handle(cancelled(orderId));
  await service.workUntil('recorded');
  await recordAnswers(db, answers);
  expect((await service.paymentOf(orderId))!.status).toBe('REFUNDED');
  expect(await typesOf(service, orderId)).toEqual(['payment.captured', 'payment.refunded']);
  expect(await service.bank.totals()).toMatchObject({ charges: 1, refunds: 1 });
});

test('answers that come together are written down together', async () => {
  const service = await paymentService();
  const orders = Array.from({ length: 16 }, newId);
  await service.handle(...orders.map((id) => confirmed(id)));
  service.work({ concurrency: 16 });
  for (const orderId of orders) await ends(service, orderId, 'CAPTURED');
  const [row] = await service.db.query<{ transactions: number }>(
    'SELECT count(DISTINCT updated_at) AS transactions FROM payments',
  );
  expect(row!.transactions).toBeLessThan(16);
});
