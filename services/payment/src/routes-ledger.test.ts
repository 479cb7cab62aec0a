import { newId } from '@orderflow/contracts/ids';
import { paymentEntry } from '@orderflow/contracts/ledgers';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { expect, test } from 'vitest';
import { cancelled, confirmed, paymentService, total } from '../test/payment-service.ts';

test('payments are walked in order of order, each once, with what was captured and refunded by then', async () => {
  const { app, handle, workUntil } = await paymentService();
  const ledger = ledgerOf(app, 'payments', paymentEntry);
  const ids = Array.from({ length: 8 }, () => newId());
  const [captured, refunded, refunding, declined, due, voided, charging, unheard] = ids as [
    string,
    ...string[],
  ];
  for (const id of [captured, refunded!, refunding!]) await handle(confirmed(id));
  await handle(confirmed(declined!, 'pm_card_chargeDeclined'));
  await workUntil('recorded');
  await handle(cancelled(refunded!));
  await workUntil('recorded');
  await handle(cancelled(refunding!));
  await workUntil('answered'); // the bank has given it back, and nobody has written that down
  await handle(confirmed(due!, null));
  await handle(confirmed(voided!, null), cancelled(voided!));
  await handle(confirmed(charging!));
  await handle(cancelled(unheard!));

  const pages = await ledger.walk({ until: null, limit: 3 });
  expect(pages.map((page) => page.map(({ orderId }) => orderId))).toEqual([
    ids.slice(0, 3),
    ids.slice(3, 6),
    ids.slice(6),
  ]);
  const { amount } = total;
  expect(
    pages.flat().map((entry) => [entry.status, entry.captured, entry.refunded, entry.unknownOutcome]),
  ).toEqual([
    ['CAPTURED', amount, 0, false],
    ['REFUNDED', amount, amount, false],
    ['REFUNDING', amount, 0, true],
    ['DECLINED', 0, 0, false],
    ['DUE', 0, 0, false],
    ['VOIDED', 0, 0, false],
    ['CHARGING', 0, 0, true],
    ['NONE', 0, 0, false],
  ]);
  expect(pages[0]![0]).toMatchObject({ orderId: captured, amount, currency: 'EUR' });
  expect(pages[2]![1]).toMatchObject({ orderId: unheard, amount: null, currency: null });

  const named = await ledger.ask({ orders: [due, newId(), captured] });
  expect(named).toMatchObject({ items: [{ orderId: captured }, { orderId: due }], next: null });
  const some = await ledger.walk({ after: captured, until: declined, limit: 10 });
  expect(some.flat().map(({ orderId }) => orderId)).toEqual([refunded, refunding, declined]);
});

test('a payment of more than a number can say is told of, and hides no other', async () => {
  const { app, db, handle } = await paymentService();
  const ledger = ledgerOf(app, 'payments', paymentEntry);
  const ids = [newId(), newId()] as const;
  for (const id of ids) await handle(confirmed(id, null));
  await db.query('UPDATE payments SET amount = 9007199254740993 WHERE order_id = $1', [ids[0]]);
  expect(await ledger.entries({ after: null, until: null, limit: 2 })).toMatchObject([
    { orderId: ids[0], amount: 9007199254740992 },
    { orderId: ids[1], amount: total.amount },
  ]);
});

test('nobody but OrderFlow itself and admins may read it', async () => {
  const { app } = await paymentService();
  expect(await ledgerOf(app, 'payments', paymentEntry).refusals()).toEqual([401, 403, 403]);
});
