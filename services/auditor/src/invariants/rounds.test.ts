import { newId } from '@orderflow/contracts/ids';
import type { InvariantName } from '@orderflow/contracts/invariants';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { noBacklog, PRODUCT, paidOrder, someStock, THEN } from '../../test/books.ts';
import { fakeServices } from '../../test/fake-services.ts';
import { auditorHarness, digestOf } from '../../test/harness.ts';
import type { OrderLedger } from '../ledger-client.ts';
import { VIOLATION, type ViolationRow } from '../read-invariants.ts';
import { putOffBy } from './round.ts';
import { invariants } from './table.ts';
import type { OrderBooks } from './things.ts';

const heap = { count: 1, oldest: THEN, some: ['a'] };

/** The auditor among services that show what the test puts into their ledgers. */
async function system(options: { graceMs?: number; without?: string[] } = {}) {
  const services = await fakeServices();
  const urls = Object.fromEntries(
    Object.entries(services.urls).filter(([service]) => !options.without?.includes(service)),
  );
  const auditor = await auditorHarness({ urls, graceMs: options.graceMs });
  const { db, readInvariants } = auditor;
  const statuses = async () =>
    Object.fromEntries((await readInvariants()).invariants.map(({ name, status }) => [name, status]));
  const history = () => db.query<ViolationRow>(`SELECT ${VIOLATION} FROM violations ORDER BY id`);

  return {
    ...auditor,
    services,
    statuses,
    history,
    /** Waits until a round that began after now has ended. */
    async nextRound() {
      const rounds = async () =>
        (
          await db.query<{ at: Date | null }>('SELECT round_ended_at AS at FROM invariant_progress')
        )[0]!.at?.getTime() ?? 0;
      for (let i = 0; i < 2; i++) {
        const before = await rounds();
        await eventually(async () => expect(await rounds()).toBeGreaterThan(before));
      }
    },
    /** Waits until exactly these are broken, and all others hold. */
    async broken(...names: InvariantName[]) {
      const expected = Object.fromEntries(
        auditor.bench.invariants.map(({ name }) => [name, names.includes(name) ? 'broken' : 'holds']),
      );
      await eventually(async () => expect(await statuses()).toEqual(expected));
    },
    /** Waits until exactly those that read one of these ledgers are unknown. */
    async unknown(...ledgers: string[]) {
      const expected = Object.fromEntries(
        invariants.map(({ name, reads, alsoReads = [] }) => [
          name,
          [...reads, ...alsoReads].some((ledger) => ledgers.includes(ledger)) ? 'unknown' : 'holds',
        ]),
      );
      await eventually(async () => expect(await statuses()).toEqual(expected));
    },
  };
}

test('before the first round has ended nothing is known; then what is right holds', async () => {
  const { services, statuses, startRounds, broken, readInvariants } = await system();
  expect(new Set(Object.values(await statuses()))).toEqual(new Set(['unknown']));
  services.add(paidOrder(), paidOrder());
  services.stock.push(someStock());
  startRounds();
  await broken();
  const { status, progress } = await readInvariants();
  expect(status).toBe('holds');
  expect(progress.ordersChecked).toBeGreaterThanOrEqual(2);
  expect(progress.sweptAt).not.toBeNull();
});

test('a violation begins with a line in the log, lasts with its rows, and ends when a later look finds nothing', async () => {
  const { services, startRounds, broken, history, readInvariants } = await system();
  const [good, bad] = services.add(paidOrder(), paidOrder({ bank: { charges: 2 } }));
  const { scope } = startRounds();
  await broken('one-charge-per-order');
  const [violation, ...others] = await history();
  expect(others).toEqual([]);
  expect(violation).toMatchObject({
    invariant: 'one-charge-per-order',
    subject: bad!.orderId,
    orderId: bad!.orderId,
    detail: 'The bank charged it 2 times.',
    rows: { orders: bad!.orders, charges: bad!.charges },
    endedAt: null,
  });
  const view = (await readInvariants()).invariants.find(({ name }) => name === 'one-charge-per-order');
  expect(view).toMatchObject({ violationCount: 1, violations: [{ subject: bad!.orderId }] });
  expect(scope.lines.filter(({ level }) => level === 40)).toMatchObject([
    { msg: 'an invariant is broken', invariant: 'one-charge-per-order', orderId: bad!.orderId },
  ]);
  const text = await scope.metrics.registry.metrics();
  expect(text).toContain('auditor_invariant_status{invariant="one-charge-per-order",service="test"} 0');
  expect(text).toContain('auditor_invariant_status{invariant="orders-end-in-time",service="test"} 1');
  expect(text).toContain('auditor_invariant_violations{invariant="one-charge-per-order",service="test"} 1');
  expect(text).toMatch(/auditor_invariant_round_seconds_count\{service="test"\} [1-9]/);
  expect(text).toMatch(/auditor_invariant_orders_checked_total\{service="test"\} [1-9]/);

  bad!.charges!.charges = 1;
  await broken();
  const after = await history();
  expect(after).toMatchObject([{ id: violation!.id, endedAt: expect.any(Date) }]);
  expect(good).toBeDefined();
  await eventually(() =>
    expect(scope.lines).toContainEqual(
      expect.objectContaining({ msg: 'an invariant holds again', orderId: bad!.orderId }),
    ),
  );
});

test('what may still come right is wrong only when its time is up', async () => {
  const { services, startRounds, broken, history } = await system({ graceMs: 2_000 });
  const began = Date.now();
  services.add(paidOrder({ order: { updatedAt: new Date(began).toISOString() }, bank: null }));
  startRounds();
  await broken('bank-agrees-with-payment');
  const [violation] = await history();
  expect(violation!.beganAt.getTime()).toBeGreaterThanOrEqual(began + 2_000);
});

test('a time of recording that lies ahead puts off no judgement', async () => {
  const { services, startRounds, record, db, history } = await system();
  const [order] = services.add(paidOrder());
  const { orderId, deliveries } = order!;
  deliveries!.deliveries[0]!.recipient = 'eve@example.org';
  const data = { orderId, total: { amount: 1_000, currency: 'EUR' } };
  await record([{ ...anEvent('order.paid', data, { sequence: 7 }), time: THEN }]);
  await db.query("UPDATE events SET recorded_at = now() + interval '1 day'");
  startRounds();
  await eventually(async () =>
    expect((await history()).map(({ invariant }) => invariant).sort()).toEqual([
      'events-have-no-holes',
      'mail-arrives-as-written',
    ]),
  );
});

test('what only seems wrong, because ledgers are read one after the other, is no violation', async () => {
  const { services, startRounds, nextRound, history, statuses } = await system();
  const [order] = services.add(paidOrder());
  // The bank shows two charges whenever it is asked for a range, and one when it is asked again by name.
  services.whenAsked((ledger) => {
    if (ledger === 'charges') order!.charges!.charges = order!.charges!.charges === 1 ? 2 : 1;
  });
  startRounds();
  await nextRound();
  await nextRound();
  expect(await history()).toEqual([]);
  expect((await statuses())['one-charge-per-order']).toBe('holds');
});

test.each([
  ['payment', ['payments', 'events', 'backlog']],
  ['bank', ['charges', 'strays']],
  ['inventory', ['reservations', 'stock', 'events', 'backlog']],
  ['notification', ['messages', 'events', 'backlog']],
  ['postbox', ['deliveries', 'mails']],
  ['customer', ['events', 'backlog']],
  ['order', ['orders', 'products', 'events', 'backlog']],
])(
  'while %s does not answer, what reads its ledgers is unknown, and nothing else',
  async (service, ledgers) => {
    const { services, startRounds, broken, unknown, readInvariants } = await system();
    services.add(paidOrder());
    services.stock.push(someStock());
    startRounds();
    await broken();
    services.broken.add(service);
    await unknown(...ledgers);
    const view = await readInvariants();
    expect(view.status).toBe('unknown');
    const reasons = view.invariants.flatMap(({ reason }) => reason ?? []);
    expect(reasons.every((reason) => reason.includes(`of ${service} cannot be read: it answered 500`))).toBe(
      true,
    );
    services.broken.clear();
    await broken();
  },
);

test('a violation lasts while its ledger cannot be read, and its invariant is unknown', async () => {
  const { services, startRounds, broken, nextRound, statuses, history } = await system();
  const [bad] = services.add(paidOrder({ bank: { charges: 2 } }));
  startRounds();
  await broken('one-charge-per-order');
  services.broken.add('bank');
  bad!.charges!.charges = 1;
  await nextRound();
  expect((await statuses())['one-charge-per-order']).toBe('unknown');
  expect(await history()).toMatchObject([{ endedAt: null }]);
});

/** A value that no service writes, in each ledger about orders, and the field that is named. */
const unreadable: [ledger: OrderLedger, field: string, edit: (order: OrderBooks) => void][] = [
  ['orders', 'total is null', ({ orders }) => Object.assign(orders!, { total: null })],
  ['orders', 'customerId is "eve"', ({ orders }) => Object.assign(orders!, { customerId: 'eve' })],
  ['orders', 'status is "paid"', ({ orders }) => Object.assign(orders!, { status: 'paid' })],
  ['orders', 'updatedAt is null', ({ orders }) => Object.assign(orders!, { updatedAt: null })],
  [
    'reservations',
    'items.0.quantity is missing',
    ({ reservations }) => Object.assign(reservations!, { items: [{ productId: PRODUCT }] }),
  ],
  ['reservations', 'items is "none"', ({ reservations }) => Object.assign(reservations!, { items: 'none' })],
  [
    'payments',
    'captured is 9007199254740992',
    ({ payments }) => Object.assign(payments!, { captured: 2 ** 53 }),
  ],
  ['charges', 'rows.0.amount is null', ({ charges }) => Object.assign(charges!.rows[0]!, { amount: null })],
  [
    'messages',
    'messages.0.eventId is 7',
    ({ messages }) => Object.assign(messages!.messages[0]!, { eventId: 7 }),
  ],
  [
    'deliveries',
    'deliveries.0.recipient is null',
    ({ deliveries }) => Object.assign(deliveries!.deliveries[0]!, { recipient: null }),
  ],
];

test.each(unreadable)(
  'a row of %s of which %s is named, and hides nothing about others, nor what other ledgers say of its order',
  async (ledger, field, edit) => {
    const { services, startRounds, broken, history, db } = await system();
    const [edited, other] = services.add(paidOrder(), paidOrder());
    startRounds();
    await broken();
    const sweptAt = async () =>
      (await db.query<{ at: Date }>('SELECT swept_at AS at FROM invariant_progress'))[0]!.at.getTime();
    edit(edited!);
    const before = await sweptAt();
    await broken('rows-of-orders-are-readable');
    const [violation] = await history();
    expect(violation).toMatchObject({ subject: edited!.orderId, orderId: edited!.orderId });
    expect(violation!.detail).toContain(`Its row of ${ledger} cannot be read: ${field}`);
    expect(violation!.rows[ledger]).toEqual(JSON.parse(JSON.stringify(edited![ledger])));
    await eventually(async () => expect(await sweptAt()).toBeGreaterThan(before));

    other!.orders!.total = 999;
    await broken('money-is-what-orders-owe', 'rows-of-orders-are-readable');
    expect((await history()).at(-1)).toMatchObject({ subject: other!.orderId });
  },
);

test('what was wrong about an order lasts while a row of it cannot be read', async () => {
  const { services, startRounds, broken, nextRound } = await system();
  const [order] = services.add(paidOrder({ bank: { charges: 2 } }));
  startRounds();
  await broken('one-charge-per-order');
  Object.assign(order!.charges!, { charges: null });
  await broken('one-charge-per-order', 'rows-of-orders-are-readable');
  await nextRound();
  order!.charges!.charges = 1;
  await broken();
});

test('a product of which a row cannot be read is named, and hides no other', async () => {
  const { services, startRounds, broken, history } = await system();
  const other = newId();
  services.stock.push(someStock(), someStock({ productId: other }));
  startRounds();
  await broken();
  Object.assign(services.stock[0]!, { price: null });
  await broken('rows-of-products-are-readable');
  expect(await history()).toMatchObject([
    {
      subject: PRODUCT,
      orderId: null,
      detail: expect.stringContaining('Its row of stock cannot be read: price is null'),
    },
  ]);
  services.stock[1] = someStock({ productId: other, held: 1 });
  await broken('rows-of-products-are-readable', 'stock-columns-match-ledger');
});

test('a stray charge of more than a number can say is named', async () => {
  const { services, startRounds, broken } = await system();
  Object.assign(services.strays, {
    count: 1,
    some: [{ id: 'ch_1', reference: 'a gift', amount: 2 ** 60, currency: 'EUR' }],
  });
  startRounds();
  await broken('charges-name-orders');
});

test('an id that no service draws is walked past, and named with what is wrong about it', async () => {
  const { services, startRounds, broken, history, readInvariants } = await system();
  const orderId = '11111111-1111-1111-1111-111111111111';
  const paid = paidOrder({ order: { total: 999 } });
  const odd: OrderBooks = JSON.parse(JSON.stringify(paid).replaceAll(paid.orderId, orderId));
  services.add(odd, paidOrder(), paidOrder());
  services.events.order = [{ id: orderId, type: 'order.paid', subject: orderId, digest: '' }];
  startRounds('a', { sweepOrders: 1 });
  await broken('money-is-what-orders-owe', 'events-arrive');
  expect(new Set((await history()).map((violation) => violation.orderId))).toEqual(new Set([orderId]));
  await eventually(async () => expect((await readInvariants()).progress.sweptAt).not.toBeNull());
});

test('a ledger whose entries lack a field is of another version, and no row is to blame', async () => {
  const { services, startRounds, broken, unknown, readInvariants } = await system();
  const orders = services.add(paidOrder(), paidOrder());
  startRounds();
  await broken();
  for (const { payments } of orders) Object.assign(payments!, { captured: undefined });
  await unknown('payments', 'events');
  const { reason } = (await readInvariants()).invariants.find(
    ({ name }) => name === 'money-is-what-orders-owe',
  )!;
  expect(reason).toContain('The ledger payments of payment cannot be read: its entries lack captured');
});

test.each([
  [
    'the places of the walks',
    `UPDATE invariant_progress SET cursors = '{"orders": "x", "stock": 1, "events": {"order": 1}}'`,
  ],
  ['what is no object in the place of them', `UPDATE invariant_progress SET cursors = '"x"'`],
  ['the subject of a violation', "UPDATE violations SET subject = 'x'"],
  ['the rows of a violation', "UPDATE violations SET rows = '[]'"],
])('an edit of %s stops no round', async (_, edit) => {
  const { services, startRounds, broken, db, record, nextRound, statuses, history } = await system();
  const [bad] = services.add(paidOrder({ bank: { charges: 2 } }));
  const subject = bad!.orderId;
  services.events.order = [
    { id: v7({ msecs: Date.now() - 2_000 }), type: 'order.paid', subject, digest: '' },
  ];
  await record([
    anEvent('order.paid', { orderId: subject, total: { amount: 1, currency: 'EUR' } }, { sequence: 7 }),
  ]);
  const names = ['one-charge-per-order', 'events-arrive', 'events-have-no-holes'] as const;
  const before = startRounds();
  await broken(...names);
  await before.stop();
  await db.query(edit);
  startRounds();
  await nextRound();
  await nextRound();
  expect(Object.values(await statuses())).not.toContain('unknown');
  expect((await history()).filter((one) => one.subject === subject && !one.endedAt)).toHaveLength(1);
});

test.each([
  ['its time', "UPDATE events SET time = 'infinity'"],
  ['its data', "UPDATE events SET data = '[]' WHERE type = 'order.placed'"],
])('an order of whose recorded events one was edited at %s is named', async (_, edit) => {
  const { services, startRounds, record, db, history } = await system();
  const [order, other] = services.add(paidOrder(), paidOrder());
  const { orderId } = order!;
  await record([
    anEvent('order.placed', {
      orderId,
      customer: { id: order!.orders!.customerId, name: 'Ada', email: 'a@b.org' },
      sellerId: 'shop',
      items: [
        {
          productId: PRODUCT,
          quantity: 2,
          sku: 'TEA',
          name: 'Tea',
          unitPrice: { amount: 500, currency: 'EUR' },
        },
      ],
      total: { amount: 1_000, currency: 'EUR' },
      confirmation: 'automatic',
      guest: false,
    }),
  ]);
  await db.query(edit);
  other!.orders!.total = 999;
  startRounds();
  await eventually(async () => {
    const found = (await history()).map(({ invariant, subject }) => [invariant, subject]);
    expect(found).toContainEqual(['orders-match-events', orderId]);
    expect(found).toContainEqual(['money-is-what-orders-owe', other!.orderId]);
  });
  expect((await history()).find(({ invariant }) => invariant === 'orders-match-events')).toMatchObject({
    detail: expect.stringContaining('recorded events cannot be read'),
  });
});

test('without Redis it is not known whether consumers keep up, and all else is', async () => {
  const { services, startRounds, unknown } = await system();
  services.backlogs.order = noBacklog({ pending: null });
  startRounds();
  await unknown('pending');
});

test('while the auditor reads what it missed, a missing event is unknown and not broken', async () => {
  const { services, startRounds, broken, unknown, history, reading, readInvariants } = await system();
  const orderId = newId();
  const id = v7({ msecs: Date.now() - 2_000 }); // before the grace
  services.events.order = [{ id, type: 'order.paid', subject: orderId, digest: '' }];
  reading.isCaughtUp = false;
  startRounds();
  await unknown('recorded events');
  const view = await readInvariants();
  expect(view.invariants.find(({ name }) => name === 'events-arrive')?.reason).toContain('from the outboxes');
  expect(await history()).toEqual([]);
  reading.isCaughtUp = true;
  await broken('events-arrive');
});

test('without a bank and a postbox, what needs the bank is left out, and the rest holds', async () => {
  const { services, startRounds, broken, bench } = await system({ without: ['bank', 'postbox'] });
  services.add(paidOrder());
  startRounds();
  await broken();
  expect(bench.invariants).toHaveLength(21);
  expect(services.asked.some(({ service }) => service === 'bank')).toBe(false);
});

test('an order that only the bank knows of is found, wherever its id is', async () => {
  const { services, startRounds, broken, history } = await system();
  services.add(...Array.from({ length: 5 }, () => paidOrder()));
  const { charges } = paidOrder();
  for (const orderId of ['00000000-0000-4000-8000-000000000001', 'ffffffff-ffff-4fff-bfff-fffffffffffe']) {
    services.add({ orderId, charges: { ...charges!, orderId } });
  }
  startRounds('a', { sweepOrders: 2 });
  await broken('every-charge-has-its-order');
  await eventually(async () => expect(await history()).toHaveLength(2));
});

test('the sweep finds an old row that was edited, step by step, and looks at it until it is right', async () => {
  const { services, startRounds, broken } = await system();
  const orders = services.add(...Array.from({ length: 9 }, () => paidOrder()));
  startRounds('a', { sweepOrders: 2 });
  await broken();
  orders[7]!.orders!.total = 1_001;
  await broken('money-is-what-orders-owe');
  orders[7]!.orders!.total = 1_000;
  await broken();
});

test('while there is much news the sweep waits for a quieter round', async () => {
  const { db, startRounds } = await system();
  for (const statement of [
    `INSERT INTO orders (order_id, recorded, look_at)
      SELECT gen_random_uuid(), 0, now() - interval '1 second' FROM generate_series(1, 500)`,
    'CREATE TABLE ended (swept boolean, put_off int)',
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO ended VALUES (NEW.swept_at IS NOT NULL, (NEW.cursors ->> 'putOff')::int); RETURN NEW; END $$`,
    `CREATE TRIGGER note AFTER UPDATE OF round_ended_at ON invariant_progress FOR EACH ROW EXECUTE FUNCTION note()`,
  ]) {
    await db.query(statement);
  }
  startRounds();
  await eventually(async () =>
    expect((await db.query('SELECT swept, put_off FROM ended')).slice(0, 2)).toEqual([
      { swept: false, put_off: 1 },
      { swept: true, put_off: 0 },
    ]),
  );
});

test('the sweep goes on in each twelfth round, however busy they are', () => {
  let putOff = 0;
  const rounds = Array.from({ length: 36 }, () => {
    putOff = putOffBy({ putOff }, true);
    return putOff === 0;
  });
  expect(rounds.flatMap((sweeps, i) => (sweeps ? [i + 1] : []))).toEqual([12, 24, 36]);
});

test('products, backlogs, events on their way and their numbers are looked at too', async () => {
  const { services, startRounds, broken, history, record, db } = await system();
  services.stock.push(someStock());
  startRounds();
  await broken();

  services.stock[0] = someStock({ held: 1 });
  await broken('stock-columns-match-ledger');
  expect((await history()).at(-1)).toMatchObject({ subject: PRODUCT, orderId: null });
  services.stock[0] = someStock();
  await broken();

  services.backlogs.payment = noBacklog({ outbox: heap });
  await broken('outboxes-drain');
  services.backlogs.payment = noBacklog({ retries: heap });
  await broken('consumers-keep-up');
  expect((await history()).at(-1)).toMatchObject({ subject: 'events for payment' });
  services.backlogs.payment = noBacklog({ deadLetters: heap });
  await broken('no-dead-letters');
  services.backlogs.payment = noBacklog();
  await broken();

  const orderId = newId();
  const paid = {
    ...anEvent('order.paid', { orderId, total: { amount: 1, currency: 'EUR' } }, { sequence: 2 }),
    id: v7({ msecs: Date.now() - 2_000 }), // before the grace
  };
  services.events.order = [
    { id: paid.id, type: paid.type, subject: orderId, digest: await digestOf(db, paid) },
  ];
  await broken('events-arrive');
  expect((await history()).at(-1)).toMatchObject({ subject: `order ${paid.id}`, orderId });
  await record([paid]);
  await broken('events-have-no-holes');
  expect((await history()).at(-1)).toMatchObject({ subject: `order ${orderId}`, orderId });
  await record([anEvent('order.confirmation-requested' as 'order.paid', paid.data, { sequence: 1 })]);
  await broken();
});

test('what arrived about no order is a mail about an account that an event asks for, at its address', async () => {
  const { services, startRounds, broken, history, record } = await system();
  const [id, mailId] = [newId(), newId()];
  const email = 'ada@example.org';
  const mail = { channel: 'email', subject: 'Your code', recipient: email, receivedAt: THEN };
  services.mails.push({ ...mail, id, messageId: `<${mailId}@orderflow>` });
  startRounds();
  await broken('mail-about-no-order-was-asked-for');
  expect(await history()).toMatchObject([
    { subject: id, orderId: null, detail: expect.stringContaining('that nobody wrote: "Your code"') },
  ]);
  await record([
    {
      ...anEvent('account.mail-requested', { template: 'verify-email', email: 'Ada@example.org' }),
      ...{ subject: mailId, orderid: undefined },
    },
  ]);
  await broken();
  services.mails[0]!.recipient = 'eve@example.org';
  await broken('mail-about-no-order-was-asked-for');
  services.mails.pop();
  await broken();
});

test('of two replicas one checks; the other takes over when it stops, and both tell the same', async () => {
  const { services, startRounds, broken, nextRound, db, readInvariants } = await system();
  services.add(paidOrder());
  const first = startRounds('a');
  await broken();
  const second = startRounds('b');
  await nextRound();
  expect(await second.scope.metrics.registry.metrics()).toContain(
    'auditor_invariant_status{invariant="no-dead-letters",service="test"} 1',
  );
  const holder = async () =>
    (await db.query<{ holder: string }>('SELECT holder FROM invariant_progress'))[0]!.holder;
  expect(await holder()).toBe('a');
  const turns = () => second.scope.lines.filter(({ leading }) => leading === true);
  expect(turns()).toEqual([]);
  await first.stop();
  await eventually(async () => expect(await holder()).toBe('b'));
  await nextRound();
  expect(turns()).toHaveLength(1);
  expect((await readInvariants()).status).toBe('holds');
});

test('a turn that ends an hour from now, since the clock was ahead, is taken over', async () => {
  const { services, startRounds, broken, db } = await system();
  services.add(paidOrder());
  await db.query("UPDATE invariant_progress SET holder = 'gone', lease_until = now() + interval '1 h'");
  startRounds('a');
  await broken();
});

test('when no round has ended for long nothing is known, and what was known to be wrong is still shown', async () => {
  const { services, startRounds, broken, readInvariants, db } = await system();
  services.add(paidOrder({ bank: { charges: 2 } }));
  const rounds = startRounds();
  await broken('one-charge-per-order');
  await rounds.stop();
  await db.query("UPDATE invariant_progress SET round_ended_at = now() - interval '1 minute'");
  const view = await readInvariants();
  expect(view.status).toBe('unknown');
  expect(new Set(view.invariants.map(({ status }) => status))).toEqual(new Set(['unknown']));
  expect(view.invariants[0]!.reason).toMatch(/No round of checks has ended for 6\d s/);
  expect(view.invariants.find(({ name }) => name === 'one-charge-per-order')!.violationCount).toBe(1);
});

test('after a restart the check goes on where it was, and violations keep their beginning', async () => {
  const { services, startRounds, broken, history } = await system();
  services.add(paidOrder({ bank: { charges: 2 } }));
  const before = startRounds('a');
  await broken('one-charge-per-order');
  const [began] = await history();
  await before.stop();
  const after = startRounds('a');
  await broken('one-charge-per-order');
  expect(await history()).toMatchObject([{ id: began!.id, beganAt: began!.beganAt }]);
  await after.stop();
});

test('an order with news is looked at again until it has come to rest, and then no more by name', async () => {
  const { services, startRounds, nextRound, record, db } = await system();
  const [order] = services.add(paidOrder());
  await record([
    anEvent('order.paid', { orderId: order!.orderId, total: { amount: 1_000, currency: 'EUR' } }),
  ]);
  const lookAt = async () => (await db.query<{ at: Date | null }>('SELECT look_at AS at FROM orders'))[0]!.at;
  expect(await lookAt()).not.toBeNull();
  startRounds();
  await eventually(async () => expect(await lookAt()).toBeNull());
  services.asked.length = 0;
  await nextRound();
  expect(services.asked.filter(({ query }) => query?.orders)).toEqual([]);
});

test('news that come while an order is looked at are looked at too', async () => {
  const { services, startRounds, record, db } = await system();
  const [order] = services.add(paidOrder());
  const { orderId } = order!;
  const news = (sequence: number) =>
    record([anEvent('order.paid', { orderId, total: { amount: 1_000, currency: 'EUR' } }, { sequence })]);
  await news(1);
  let looks = 0;
  services.whenAsked(async (ledger, query) => {
    if (ledger !== 'orders' || !query?.orders) return;
    looks += 1;
    if (looks === 1) await news(2);
  });
  startRounds();
  await eventually(async () =>
    expect(await db.query('SELECT FROM orders WHERE look_at IS NULL')).toHaveLength(1),
  );
  expect(looks).toBe(2);
});
