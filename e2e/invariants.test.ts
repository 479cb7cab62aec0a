import { newId } from '@orderflow/contracts/ids';
import type {
  CheckView,
  InvariantName,
  InvariantsView,
  InvariantView,
  ViolationView,
} from '@orderflow/contracts/invariants';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestSystem, type TestSystem } from './test-system.ts';

const GRACE_MS = 3_000;

let system: TestSystem;
/** Orders that each test takes one of. */
const paid: string[] = [];
const the = { product: '', unpaid: '' };

const rows = <T extends object = Record<string, unknown>>(
  service: string,
  sql: string,
  values: unknown[] = [],
) => system.ledgers.rows<T>(service, sql, values);

const placed = async (paymentMethod?: string): Promise<string> => {
  const answer = await system.api.placeOrder(the.product, { paymentMethod, quantity: 2 });
  expect(answer.status).toBe(201);
  return answer.body.id;
};
const reaches = (orderId: string, status: string) =>
  eventually(async () => expect((await system.api.order(orderId)).status).toBe(status), {
    timeoutMs: 30_000,
  });

const invariants = () => system.api.must<InvariantsView>('GET', '/api/invariants');

/** Waits until what does not hold names this subject, under this invariant among others, and no other subject. */
const named = (name: InvariantName, { subject, orderId }: { subject: string; orderId?: string }) =>
  eventually(
    async () => {
      const broken = (await invariants()).invariants.filter(({ status }) => status !== 'holds');
      expect(broken.map((invariant) => invariant.name)).toContain(name);
      const about = broken.flatMap(({ violations }) => violations);
      expect(about.filter((one) => one.subject !== subject && (!orderId || one.orderId !== orderId))).toEqual(
        [],
      );
      return broken.find((invariant) => invariant.name === name)!;
    },
    { timeoutMs: 30_000, everyMs: 100 },
  );

/** Waits until exactly these do not hold, and gives them. */
const notHolding = (names: InvariantName[], status: InvariantView['status'], timeoutMs = 30_000) =>
  eventually(
    async () => {
      const view = await invariants();
      const off = view.invariants.filter((invariant) => invariant.status !== 'holds');
      expect(off.map(({ name, status, reason }) => [name, status, reason ?? ''])).toEqual(
        names.map((name) => [name, status, expect.any(String)]),
      );
      return off;
    },
    { timeoutMs, everyMs: 100 },
  );
const allHold = () => notHolding([], 'broken');

const history = async (query = '') =>
  (await system.api.must<{ items: ViolationView[] }>('GET', `/api/invariants/violations?limit=200${query}`))
    .items;

beforeAll(async () => {
  system = await startTestSystem({ INVARIANT_EVERY_MS: '300', INVARIANT_GRACE_MS: String(GRACE_MS) });
  the.product = (await system.api.createProduct(500)).id;
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
  for (let i = 0; i < 20; i++) paid.push(await placed('pm_card_visa'));
  the.unpaid = await placed();
  const [shipped, cancelled] = [await placed('pm_card_visa'), await placed('pm_card_visa')];
  const declined = await placed('pm_card_chargeDeclined');
  for (const orderId of [...paid, shipped, cancelled]) await reaches(orderId, 'PAID');
  await reaches(declined, 'CANCELLED');
  await reaches(the.unpaid, 'CONFIRMED');
  await system.api.must('POST', `/api/orders/${shipped}/ship`);
  await system.api.must('POST', `/api/orders/${cancelled}/cancel`);
  await eventually(async () => expect((await system.api.payment(cancelled)).status).toBe('REFUNDED'));
  await allHold();
}, 180_000);
afterAll(() => system?.stop(), 60_000);

/** What is done behind the services' backs: whom it is about, and how it is put right. */
type Edit = () => Promise<{ subject: string; orderId?: string; repair: () => Promise<unknown> }>;

/** Changes a row of an order and back. */
const change =
  (service: string, table: string, { key, set, back }: { key: string; set: string; back: string }): Edit =>
  async () => {
    const orderId = paid.pop()!;
    await rows(service, `UPDATE ${table} SET ${set} WHERE ${key} = $1`, [orderId]);
    const repair = () => rows(service, `UPDATE ${table} SET ${back} WHERE ${key} = $1`, [orderId]);
    return { subject: orderId, orderId, repair };
  };

const insertCharge = (reference: string, key: string, amount: number) =>
  rows(
    'bank',
    `INSERT INTO ledger (kind, idempotency_key, status, amount, currency, payment_method, reference)
     VALUES ('charge', $2, 'succeeded', $3, 'EUR', 'pm_card_visa', $1)`,
    [reference, key, amount],
  );
const deleteCharge = (key: string) => rows('bank', 'DELETE FROM ledger WHERE idempotency_key = $1', [key]);

const edits: Record<InvariantName, Edit> = {
  'orders-end-in-time': async () => {
    const orderId = the.unpaid;
    const move = (sign: string) =>
      rows('order', `UPDATE orders SET expires_at = expires_at ${sign} interval '1 day' WHERE id = $1`, [
        orderId,
      ]);
    await move('-');
    return { subject: orderId, orderId, repair: () => move('+') };
  },
  'money-is-what-orders-owe': change('order', 'orders', {
    key: 'id',
    set: 'total = total - 1',
    back: 'total = total + 1',
  }),
  'bank-agrees-with-payment': change('bank', 'ledger', {
    key: 'reference',
    set: 'amount = amount - 1',
    back: 'amount = amount + 1',
  }),
  'one-charge-per-order': async () => {
    const orderId = paid.pop()!;
    const key = newId();
    const amount = (by: string) =>
      rows('bank', `UPDATE ledger SET amount = amount ${by} WHERE reference = $1`, [orderId]);
    await amount('- 1');
    await insertCharge(orderId, key, 1);
    const repair = async () => {
      await deleteCharge(key);
      await amount('+ 1');
    };
    return { subject: orderId, orderId, repair };
  },
  'every-charge-has-its-order': async () => {
    const orderId = newId();
    await insertCharge(orderId, orderId, 100);
    return { subject: orderId, orderId, repair: () => deleteCharge(orderId) };
  },
  'charges-name-orders': async () => {
    const key = newId();
    await insertCharge('a gift', key, 100);
    return { subject: 'charges of no order', repair: () => deleteCharge(key) };
  },
  'rows-of-orders-are-readable': async () => {
    const orderId = paid.pop()!;
    const [row] = await rows<{ at: Date }>('order', 'SELECT updated_at AS at FROM orders WHERE id = $1', [
      orderId,
    ]);
    const set = (at: Date | string) =>
      rows('order', 'UPDATE orders SET updated_at = $2 WHERE id = $1', [orderId, at]);
    await set('infinity');
    return { subject: orderId, orderId, repair: () => set(row!.at) };
  },
  'rows-of-products-are-readable': async () => {
    const price = (by: string) =>
      rows('order', `UPDATE products SET price = price ${by} WHERE id = $1`, [the.product]);
    await price('+ 9007199254740992');
    return { subject: the.product, repair: () => price('- 9007199254740992') };
  },
  'no-blocked-payments': change('payment', 'payments', {
    key: 'order_id',
    set: `blocked = '{"code": "edited", "message": ""}'`,
    back: 'blocked = NULL',
  }),
  'orders-match-events': change('order', 'order_items', {
    key: 'order_id',
    set: 'unit_price = unit_price - 1',
    back: 'unit_price = unit_price + 1',
  }),
  'payments-match-events': change('payment', 'payments', {
    key: 'order_id',
    set: "seller_id = seller_id || '!'",
    back: "seller_id = rtrim(seller_id, '!')",
  }),
  'reservations-match-events': change('inventory', 'reservations', {
    key: 'order_id',
    set: 'paid = false',
    back: 'paid = true',
  }),
  'messages-match-events': change('notification', 'messages', {
    key: 'order_id',
    set: "status = 'FAILED', sent_at = NULL",
    back: "status = 'SENT', sent_at = now()",
  }),
  'mail-arrives-as-written': change('postbox', 'messages', {
    key: 'order_id',
    set: "recipient = recipient || '!'",
    back: "recipient = rtrim(recipient, '!')",
  }),
  'mail-about-no-order-was-asked-for': async () => {
    const id = newId();
    await rows(
      'postbox',
      `INSERT INTO messages (id, channel, message_id, recipient, sender, subject, text, deliveries, received_at)
       VALUES ($1::text::uuid, 'email', $1::text, 'ada@example.org', '', 'You have won', '', 1, now())`,
      [id],
    );
    const repair = () => rows('postbox', 'DELETE FROM messages WHERE id = $1', [id]);
    return { subject: id, repair };
  },
  'products-match-events': async () => {
    const price = (by: string) =>
      rows('order', `UPDATE products SET price = price ${by} WHERE id = $1`, [the.product]);
    await price('- 1');
    return { subject: the.product, repair: () => price('+ 1') };
  },
  'events-are-as-written': async () => {
    const orderId = paid.pop()!;
    const [event] = await rows<{ id: string; actor: string }>(
      'auditor',
      "SELECT event_id AS id, actor FROM events WHERE order_id = $1 AND type = 'order.paid'",
      [orderId],
    );
    const act = (actor: string) =>
      rows('auditor', 'UPDATE events SET actor = $2 WHERE event_id = $1', [event!.id, actor]);
    await act('nobody');
    return { subject: `order ${event!.id}`, orderId, repair: () => act(event!.actor) };
  },
  'stock-columns-match-ledger': async () => {
    const reserve = (by: string) =>
      rows('inventory', `UPDATE stock SET reserved = reserved ${by} WHERE product_id = $1`, [the.product]);
    await reserve('+ 1');
    return { subject: the.product, repair: () => reserve('- 1') };
  },
  'reservations-match-orders': change('order', 'order_items', {
    key: 'order_id',
    set: 'quantity = quantity + 1',
    back: 'quantity = quantity - 1',
  }),
  'one-movement-per-reservation': async () => {
    const orderId = paid.pop()!;
    const ids = [newId(), newId()];
    // Together they move nothing, so the columns of the product still agree.
    await rows(
      'inventory',
      `INSERT INTO movements (id, product_id, kind, quantity, order_id)
       VALUES ($1, $3, 'RESERVED', 2, $4), ($2, $3, 'RELEASED', 2, $4)`,
      [...ids, the.product, orderId],
    );
    const repair = async () => {
      await rows('inventory', 'ALTER TABLE movements DISABLE TRIGGER movements_append_only');
      await rows('inventory', 'DELETE FROM movements WHERE id = ANY($1::uuid[])', [ids]);
      await rows('inventory', 'ALTER TABLE movements ENABLE TRIGGER movements_append_only');
    };
    return { subject: orderId, orderId, repair };
  },
  'one-message-per-event': async () => {
    const orderId = paid.pop()!;
    const id = newId();
    await rows(
      'notification',
      `INSERT INTO messages (id, event_id, order_id, channel, template, recipient, subject, body, status, correlation_id)
       SELECT $1, $1, order_id, channel, template, recipient, subject, body, 'FAILED', correlation_id
       FROM messages WHERE order_id = $2 AND template = 'order-paid'`,
      [id, orderId],
    );
    return {
      subject: orderId,
      orderId,
      repair: () => rows('notification', 'DELETE FROM messages WHERE id = $1', [id]),
    };
  },
  'customers-are-told': async () => {
    const orderId = paid.pop()!;
    const [mail] = await rows<{ row: object }>(
      'postbox',
      'DELETE FROM messages WHERE order_id = $1 RETURNING to_jsonb(messages) AS row',
      [orderId],
    );
    const insert = 'INSERT INTO messages SELECT * FROM jsonb_populate_record(NULL::messages, $1)';
    return { subject: orderId, orderId, repair: () => rows('postbox', insert, [mail!.row]) };
  },
  'events-have-no-holes': async () => {
    const orderId = paid.pop()!;
    const renumber = (by: string) =>
      rows(
        'auditor',
        `UPDATE events SET sequence = sequence ${by} WHERE subject = $1 AND type = 'order.paid'`,
        [orderId],
      );
    await renumber('+ 10');
    return { subject: `order ${orderId}`, orderId, repair: () => renumber('- 10') };
  },
  'events-arrive': async () => {
    const [id, orderId] = [newId(), paid.pop()!];
    // As if it had been published, and lost.
    await rows(
      'notification',
      `INSERT INTO messaging.outbox (event_id, type, subject, envelope, published_at)
       SELECT $1::text::uuid, type, $1::text, (envelope::jsonb || jsonb_build_object('id', $1::text, 'subject', $1::text))::json, now()
       FROM messaging.outbox WHERE envelope->>'orderid' = $2 LIMIT 1`,
      [id, orderId],
    );
    const publish = () =>
      rows('notification', 'UPDATE messaging.outbox SET published_at = NULL WHERE event_id = $1', [id]);
    return { subject: `notification ${id}`, repair: publish };
  },
  'outboxes-drain': async () => {
    // Another relay that renews its lease, and publishes nothing.
    const renew = () =>
      rows('customer', "UPDATE messaging.relay SET holder = 'nobody', lease_until = now() + interval '8 s'");
    await renew();
    const renewing = setInterval(() => void renew().catch(() => {}), 1_000);
    onTestFinished(() => clearInterval(renewing));
    // The relay believes in its lease for some seconds more.
    await eventually(
      async () => {
        const metrics = await (await fetch(system.metricsUrl('customer'))).text();
        expect(metrics).toMatch(/messaging_relay_leader\{.*\} 0/);
      },
      { timeoutMs: 20_000 },
    );
    await rows('customer', 'UPDATE messaging.outbox SET published_at = NULL');
    return { subject: 'outbox of customer', repair: async () => clearInterval(renewing) };
  },
  'consumers-keep-up': async () => {
    const key = newId();
    await rows(
      'payment',
      `INSERT INTO messaging.retry (consumer_group, key, stream, entry_id, body, next_attempt_at, created_at)
       VALUES ('payment', $1, 'orderflow:order', '1-0', '{}', now() + interval '4 minutes', now() - interval '1 hour')`,
      [key],
    );
    return {
      subject: 'events for payment',
      repair: () => rows('payment', 'DELETE FROM messaging.retry WHERE key = $1', [key]),
    };
  },
  'no-dead-letters': async () => {
    const key = newId();
    await rows(
      'inventory',
      `INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts)
       VALUES ('inventory', $1, 'orderflow:order', '1-0', '{}', 'failed', 'a bug', 8)`,
      [key],
    );
    return {
      subject: 'dead letters of inventory',
      repair: () => rows('inventory', 'DELETE FROM messaging.dead_letter WHERE key = $1', [key]),
    };
  },
};

test.each(Object.entries(edits) as [InvariantName, Edit][])(
  '%s: rows that are edited behind the services’ backs are named, alone, until they are put right',
  async (name, edit) => {
    await allHold();
    const before = new Set((await history()).map(({ beganAt }) => beganAt));
    const { subject, orderId, repair } = await edit();
    const broken = await named(name, { subject, orderId });
    expect(broken.violations).toMatchObject([{ subject, ...(orderId && { orderId }), endedAt: null }]);
    expect(broken.violations[0]!.detail).toMatch(/.{20}/);
    expect(Object.keys(broken.violations[0]!.rows)).not.toEqual([]);

    await repair();
    await allHold();
    const since = (await history()).filter(({ beganAt }) => !before.has(beganAt));
    expect(since).toContainEqual(
      expect.objectContaining({ invariant: name, subject, endedAt: expect.any(String) }),
    );
    expect(since.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  },
  120_000,
);

test('a check on demand finds what is wrong now, and what has not come to rest by a time', async () => {
  const everything = await system.api.must<CheckView>('POST', '/api/invariants/checks', {});
  expect(everything.invariants.filter(({ status }) => status !== 'holds')).toEqual([]);
  expect(everything).toMatchObject({ status: 'holds', orders: 24 });

  const since = new Date().toISOString();
  const orderId = await placed('pm_card_visa');
  await reaches(orderId, 'PAID');
  await eventually(async () => {
    const question = { since, settledBy: new Date().toISOString() };
    const settled = await system.api.must<CheckView>('POST', '/api/invariants/checks', question);
    expect(settled).toMatchObject({ status: 'holds', orders: 1 });
  });

  await rows('order', 'UPDATE orders SET total = total - 1 WHERE id = $1', [orderId]);
  const wrong = await system.api.must<CheckView>('POST', '/api/invariants/checks', { since });
  expect(wrong.status).toBe('broken');
  expect(wrong.invariants.filter(({ status }) => status === 'broken')).toMatchObject([
    { name: 'money-is-what-orders-owe', violations: [{ orderId }] },
  ]);
  await rows('order', 'UPDATE orders SET total = total + 1 WHERE id = $1', [orderId]);
  await allHold();
}, 60_000);

test('while the bank is frozen, what reads its ledger is unknown, and nothing else', async () => {
  await allHold();
  system.process('bank').kill('SIGSTOP');
  await notHolding(
    [
      'bank-agrees-with-payment',
      'one-charge-per-order',
      'every-charge-has-its-order',
      'charges-name-orders',
      'rows-of-orders-are-readable', // of the bank's too
    ],
    'unknown',
  );
  system.process('bank').kill('SIGCONT');
  await allHold();
}, 60_000);
