import { newId } from '@orderflow/contracts/ids';
import { deliveryEntry, mailEntry } from '@orderflow/contracts/ledgers';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { expect, test } from 'vitest';
import { startPostbox } from '../test/start-postbox.ts';
import { createStore } from './operations/store-deliveries.ts';

async function withLedger() {
  const postbox = await startPostbox();
  const store = createStore(postbox.db);
  return {
    ledger: ledgerOf(postbox.app, 'deliveries', deliveryEntry),
    mails: ledgerOf(postbox.app, 'mails', mailEntry),
    mail: (orderId: string | null, subject: string, messageId: string = newId()) =>
      store([
        { channel: 'email', messageId, recipient: 'ada@example.org', sender: '', subject, text: '', orderId },
      ]),
    text: (orderId: string, text: string) =>
      store([
        {
          channel: 'sms',
          messageId: newId(),
          recipient: '+4930123456',
          sender: '',
          subject: '',
          text,
          orderId,
        },
      ]),
  };
}

test('what arrived is counted by order as its receiver would, and walked as orders are', async () => {
  const { ledger, mail, text } = await withLedger();
  const ids = Array.from({ length: 4 }, () => newId());
  const [first, doubled, third, fourth] = ids as [string, string, string, string];
  await mail(fourth, 'Paid');
  for (const messageId of ['a', 'a', 'b']) await mail(doubled, 'Paid', messageId); // "a" came again, "b" is another
  await mail(doubled, 'Shipped');
  for (const words of ['Shipped', 'Delivered']) await text(third, words);
  await mail(first, 'Paid');
  for (const orderId of [null, 'order-1', '0']) await mail(orderId, 'Hello');

  const email = (subject: string, messageId: string = expect.any(String)) => ({
    ...{ channel: 'email', subject, messageId, words: expect.any(String) },
    recipient: 'ada@example.org',
  });
  const sms = { channel: 'sms', subject: '', recipient: '+4930123456' };
  const entries = [
    { orderId: first, deliveries: [email('Paid')] },
    { orderId: doubled, deliveries: [email('Paid', 'a'), email('Paid', 'b'), email('Shipped')] },
    { orderId: third, deliveries: [sms, sms] },
    { orderId: fourth, deliveries: [email('Paid')] },
  ];
  const pages = await ledger.walk({ until: null, limit: 3 });
  expect(pages).toMatchObject([entries.slice(0, 3), entries.slice(3)]);
  const [shipped, delivered] = pages[0]![2]!.deliveries;
  expect(shipped!.words).not.toBe(delivered!.words);
  const named = await ledger.ask({ orders: [third, newId(), first.toUpperCase()] });
  expect(named).toMatchObject({ items: [entries[0], entries[2]], next: null });
  expect(await ledger.walk({ after: first, until: third, limit: 10 })).toMatchObject([entries.slice(1, 3)]);
});

test('nobody but OrderFlow itself and admins may read it', async () => {
  const { ledger } = await withLedger();
  expect(await ledger.refusals()).toEqual([401, 403, 403]);
});

test('what arrived about no order is walked by itself, each once', async () => {
  const { mails, mail } = await withLedger();
  for (const orderId of [null, newId(), 'order-1', null]) await mail(orderId, `about ${orderId}`);
  const pages = await mails.walk({ limit: 2 });
  expect(pages.map((page) => page.map(({ subject }) => subject))).toEqual([
    ['about null', 'about order-1'],
    ['about null'],
  ]);
  expect(pages[0]![0]).toMatchObject({ channel: 'email', recipient: 'ada@example.org' });
  const named = await mails.ask({ mails: [pages[1]![0]!.id, newId()] });
  expect(named).toEqual({ items: pages[1], next: null });
  expect(await mails.refusals()).toEqual([401, 403, 403]);
});
