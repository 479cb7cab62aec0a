import { newId } from '@orderflow/contracts/ids';
import { chargeEntry } from '@orderflow/contracts/ledgers';
import { internalAuth } from '@orderflow/service-kit/auth';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import { mountLedger } from '@orderflow/service-kit/ledgers';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { testScope } from '@orderflow/testing/scope';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { testBank } from '../test/bank.ts';
import { orderLedger } from './operations/order-ledger.ts';

async function withLedger() {
  const bank = await testBank();
  const post = async (path: string, body: object): Promise<string> =>
    (await request(bank.app).post(path).set('Idempotency-Key', newId()).send(body).expect(200)).body.id;
  return {
    ...bank,
    ledger: ledgerOf(bank.app, 'charges', chargeEntry),
    charge: (reference: string, amount: number, paymentMethod = 'pm_card_visa') =>
      post('/v1/charges', { reference, amount, currency: 'EUR', paymentMethod }),
    refund: (reference: string, charge: string, amount: number) =>
      post('/v1/refunds', { reference, charge, amount }),
  };
}

test('charges and refunds that succeeded are summed by order, what was declined beside them, and walked as orders are', async () => {
  const { ledger, charge, refund, faults } = await withLedger();
  const ids = Array.from({ length: 5 }, () => newId());
  const [once, back, declined, twice, last] = ids as [string, string, string, string, string];
  await charge(last, 7);
  await charge(once, 100);
  await refund(back, await charge(back, 200), 150);
  await charge(declined, 300, 'pm_card_chargeDeclined');
  for (let i = 0; i < 2; i++) await charge(twice, 400);
  for (const reference of ['0-of-no-order', 'order-1', once.toUpperCase()]) await charge(reference, 1);

  faults.set({ ...faults.settings(), errorRate: 1 }); // what is wrong with the bank's calls is not with its books
  const pages = await ledger.walk({ until: null, limit: 3 });
  const eur = { currency: 'EUR' };
  const entries = [
    { orderId: once, charges: 1, refunds: 0, captured: 100, refunded: 0, ...eur },
    { orderId: back, charges: 1, refunds: 1, captured: 200, refunded: 150, ...eur },
    {
      ...{ orderId: declined, charges: 0, refunds: 0, captured: 0, refunded: 0, ...eur, rows: [] },
      declined: [{ kind: 'charge', amount: 300, declineCode: 'card_declined' }],
    },
    { orderId: twice, charges: 2, refunds: 0, captured: 800, refunded: 0, ...eur },
    { orderId: last, charges: 1, refunds: 0, captured: 7, refunded: 0, ...eur },
  ];
  expect(pages).toMatchObject([entries.slice(0, 3), entries.slice(3)]);
  const [charged, given] = pages[0]![1]!.rows;
  expect(charged).toMatchObject({ kind: 'charge', amount: 200, refunded: 150, charge: null });
  expect(given).toMatchObject({ kind: 'refund', amount: 150, charge: charged!.id, paymentMethod: null });
  const named = await ledger.ask({ orders: [twice, newId(), once.toUpperCase(), declined] });
  expect(named).toMatchObject({ items: [entries[0], entries[2], entries[3]], next: null });
  expect(await ledger.walk({ after: once, until: twice, limit: 10 })).toMatchObject([entries.slice(1, 4)]);
});

test('charges that come to more than a number can say are told of, and hide no other', async () => {
  const { ledger, charge, db } = await withLedger();
  const ids = [newId(), newId()] as const;
  for (const id of [ids[0], ...ids]) await charge(id, 1);
  await db.query('UPDATE ledger SET amount = 9223372036854775807 WHERE reference = $1', [ids[0]]);
  expect(await ledger.entries({ after: null, until: null, limit: 2 })).toMatchObject([
    { orderId: ids[0], captured: 2 ** 64 },
    { orderId: ids[1], captured: 1 },
  ]);
});

test('nobody but OrderFlow itself and admins may read it', async () => {
  const { ledger } = await withLedger();
  expect(await ledger.refusals()).toEqual([401, 403, 403]);
});

test('with nothing but the internal token it knows OrderFlow and takes nobody else’s word', async () => {
  const { db } = await testBank();
  const { authenticate } = internalAuth('the-internal-token');
  const app = createHttpApp({
    ...testScope(),
    routes: (app) => mountLedger(app, 'charges', { db, sql: orderLedger, authenticate }),
  });
  const ask = (headers: Record<string, string>) =>
    request(app)
      .post('/internal/ledgers/charges')
      .set(headers)
      .send({ orders: [newId()] });
  await ask({ authorization: 'Bearer the-internal-token' }).expect(200, { items: [], next: null });
  for (const headers of [{}, { authorization: 'Bearer another' }, await as.admin()]) {
    await ask(headers).expect(401);
  }
});
