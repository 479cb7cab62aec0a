import { readFile } from 'node:fs/promises';
import { newId } from '@orderflow/contracts/ids';
import type { InvariantName } from '@orderflow/contracts/invariants';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anotherValue, editedRows, editOf, isRefusal, rowsOf } from './edited-rows.ts';
import { type TableEdits, tables } from './edits.ts';
import { editsTable } from './edits-table.ts';
import { knownEdits, type Ready } from './known-edits.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';
import { unseenTables } from './unseen-tables.ts';
import { exchanging } from './violations.ts';

/** An edit that was made: what it is about, and who has to find it. */
type Made = { name: string; about: string; by: InvariantName | undefined };

let system: TestSystem;
const services = [...new Set(tables.map(({ service }) => service))];
const sql = <T extends object>(service: string, text: string, values?: unknown[]) =>
  system.ledgers.rows<T>(service, text, values);

const database = editedRows(sql);
const { behindTheBack, columnsOf } = database;

const orders: string[] = [];
const products: string[] = [];

async function placeOrders(count: number): Promise<void> {
  const product = (await system.api.createProduct(10_000)).id;
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
  const place = async () => {
    const options = { paymentMethod: 'pm_card_visa', quantity: 2, phone: '+4930123456' };
    const { body } = await system.api.placeOrder(product, options);
    orders.push(body.id);
  };
  for (let left = count; left > 0; left -= 20) {
    await Promise.all(Array.from({ length: Math.min(left, 20) }, place));
  }
  await settle();
}

/** Waits until every group has read from the outboxes what was there before it: it would read an edited row too. */
const caughtUp = () =>
  eventually(
    async () => {
      for (const service of exchanging) {
        expect(await sql(service, 'SELECT 1 FROM messaging.catch_up WHERE NOT done')).toEqual([]);
      }
    },
    { timeoutMs: 60_000 },
  );

/** Waits until nothing moves: a row that an edit or the copy meets on its way would be neither the old nor the new one. */
const settle = () =>
  eventually(async () => expect(await system.ledgers.incomplete(orders.length)).toBe(0), {
    timeoutMs: 60_000,
  });

/** Orders in the states that the known edits need, one for each. */
const ready: Record<Ready, string[]> = { paid: [], shipped: [], fulfilled: [], refunded: [] };

async function prepareOrders(): Promise<void> {
  for (const { needs } of knownEdits) ready[needs].push(orders.pop()!);
  const { must } = system.api;
  for (const id of [...ready.shipped, ...ready.fulfilled]) await must('POST', `/api/orders/${id}/ship`);
  for (const id of ready.fulfilled) await must('POST', `/api/orders/${id}/fulfill`);
  for (const id of ready.refunded) await must('POST', `/api/orders/${id}/cancel`);
  await eventually(async () => {
    for (const id of ready.refunded) expect((await system.api.payment(id)).status).toBe('REFUNDED');
  });
  await settle();
}

/** Has the event of a change lost before it is published, in the transaction of the change. */
async function loseEvents(service: string, type: string, change: () => Promise<unknown>): Promise<void> {
  await sql(
    service,
    `CREATE FUNCTION edits.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER lose BEFORE INSERT ON messaging.outbox FOR EACH ROW
       WHEN (NEW.type = '${type}') EXECUTE FUNCTION edits.lose()`,
  );
  await change();
  await sql(service, 'DROP TRIGGER lose ON messaging.outbox');
}

const open = () =>
  sql<{ invariant: InvariantName; subject: string; text: string }>(
    'auditor',
    `SELECT invariant, subject, concat_ws(' ', subject, order_id, detail, rows) AS text
     FROM violations WHERE ended_at IS NULL`,
  );

const everything = { timeoutMs: 100_000, everyMs: 300 };

beforeAll(async () => {
  system = await startTestSystem({ INVARIANT_EVERY_MS: '300', INVARIANT_GRACE_MS: '2000' });
  let [ofOrders, ofProducts] = [0, 0];
  for (const one of tables) {
    const columns = await columnsOf(one);
    const parts = Object.keys(one.unseenParts ?? {}).length;
    const edits = columns.length + columns.filter(({ nullable }) => nullable).length + parts + 2;
    if (one.about === 'order') ofOrders += edits;
    else ofProducts += edits;
  }
  for (let i = 0; i <= ofProducts; i++) products.push((await system.api.createProduct(5)).id);
  await placeOrders(ofOrders + knownEdits.length + 2);
  await prepareOrders();
  await caughtUp();
}, 180_000);
afterAll(() => system?.stop(), 60_000);

/** Whether the rows of the order or product that is edited next have a value in a column. */
async function hasValue(one: TableEdits, column: string): Promise<boolean> {
  const about = (one.about === 'order' ? orders : products).at(-1)!;
  const found = await sql(
    one.service,
    `SELECT FROM ${one.table} WHERE ${rowsOf(one, about)} AND ${column} IS NOT NULL`,
  );
  return found.length > 0;
}

/** Makes the edits of a table, each to rows of its own. Returns those that the database did not refuse. */
async function editTable(one: TableEdits): Promise<Made[]> {
  const made: Made[] = [];
  const edit = async (name: string, by: Made['by'], statement: (id: string) => string) => {
    const about = (one.about === 'order' ? orders : products).pop()!;
    try {
      await behindTheBack(one.service, statement(about));
      made.push({ name: `${one.service}.${one.table} ${name}`, about, by });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  };
  const finder = (by: InvariantName | { unseen: string }) => (typeof by === 'string' ? by : undefined);
  const columns = (await columnsOf(one)).filter(({ generated }) => !generated);
  for (const column of columns) {
    const { name } = column;
    const by = one.unseen?.[name] ? undefined : (one.also?.[name] ?? one.by);
    await edit(name, by, (id) => editOf(one, anotherValue(one, column), id));
    if (column.nullable && (await hasValue(one, name))) {
      await edit(`${name} emptied`, by, (id) => editOf(one, `${name} = NULL`, id));
    }
  }
  for (const [name, { set }] of Object.entries(one.unseenParts ?? {})) {
    await edit(name, undefined, (id) => editOf(one, set, id));
  }
  await edit('deleted', finder(one.deleted), (id) => `DELETE FROM ${one.table} WHERE ${rowsOf(one, id)}`);
  const { doubled } = one;
  if (doubled) {
    const names = columns
      .map(({ name }) => name)
      .filter((name) => one.table !== 'messaging.outbox' || name !== 'position');
    const values = names.map((name) => doubled.set[name] ?? name).join(', ');
    await edit(
      'doubled',
      finder(doubled.by),
      (id) =>
        `INSERT INTO ${one.table} (${names.join(', ')}) OVERRIDING SYSTEM VALUE
         SELECT ${values} FROM ${one.table} WHERE ${rowsOf(one, id)}`,
    );
  }
  return made;
}

async function messageOfNoOrder(): Promise<Made> {
  const about = newId();
  await behindTheBack(
    'notification',
    `INSERT INTO messages (id, event_id, order_id, channel, template, recipient, subject, body, status, sent_at, correlation_id)
     VALUES (gen_random_uuid(), gen_random_uuid(), '${about}', 'email', 'order-paid', 'eve@example.com', 's', 'b', 'SENT',
       now(), 'c')`,
  );
  return { name: 'a message about an order that does not exist', about, by: 'messages-match-events' };
}

async function mailOfNobody(): Promise<Made> {
  const about = newId();
  await sql(
    'postbox',
    `INSERT INTO messages (id, channel, message_id, recipient, sender, subject, text, deliveries, received_at)
     VALUES ($1::text::uuid, 'email', '<' || $1::text || '@orderflow>', 'ada@example.com', '', 'You have won', '', 1, now())`,
    [about],
  );
  return { name: 'a mail about no order that nobody wrote', about, by: 'mail-about-no-order-was-asked-for' };
}

async function declinedCharge(): Promise<Made> {
  const about = orders.pop()!;
  await sql(
    'bank',
    `INSERT INTO ledger (kind, idempotency_key, status, decline_code, amount, currency, payment_method, reference)
     VALUES ('charge', 'a lie', 'declined', 'card_declined', 100, 'EUR', 'pm_card_visa', $1)`,
    [about],
  );
  return { name: 'a declined charge of a paid order', about, by: 'bank-agrees-with-payment' };
}

async function makeKnownEdits(): Promise<Made[]> {
  const made: Made[] = [];
  for (const { name, needs, by, statements } of knownEdits) {
    const about = ready[needs].pop()!;
    for (const [service, statement] of statements) {
      await behindTheBack(service, statement.replaceAll('$1', `'${about}'`));
    }
    made.push({ name, about, by });
  }
  await sql(
    'bank',
    `INSERT INTO ledger (kind, idempotency_key, status, amount, currency, payment_method, reference)
     VALUES ('charge', 'a gift', 'succeeded', 100, 'EUR', 'pm_card_visa', 'no order at all')`,
  );
  made.push({ name: 'a charge for what is no order', about: 'no order at all', by: 'charges-name-orders' });
  made.push(await messageOfNoOrder(), await mailOfNobody(), await declinedCharge());
  const [order, product] = [orders.pop()!, products.pop()!];
  await loseEvents('order', 'order.shipped', () => system.api.must('POST', `/api/orders/${order}/ship`));
  made.push({
    name: 'an event of an order lost before it is published',
    about: order,
    by: 'orders-match-events',
  });
  const price = { amount: 1, currency: 'EUR' };
  await loseEvents('inventory', 'product.changed', () =>
    system.api.must('PATCH', `/api/products/${product}`, { price }),
  );
  made.push({
    name: 'an event of a product lost before it is published',
    about: product,
    by: 'products-match-events',
  });
  return made;
}

test('each column of each table is found when it is edited, or is listed with why that does not matter', async () => {
  await eventually(async () => expect(await open()).toEqual([]), everything);
  await database.snapshot();
  const made: Made[] = [];
  for (const one of tables) made.push(...(await editTable(one)));
  expect(made.length).toBeGreaterThan(150);
  made.push(...(await makeKnownEdits()));

  const finders = async () => {
    const violations = await open();
    return made.map(({ name, about, by }) => {
      const found = violations.filter(({ text }) => text.includes(about)).map(({ invariant }) => invariant);
      return { name, by, found };
    });
  };
  await eventually(
    async () => expect((await finders()).filter(({ by, found }) => by && !found.includes(by))).toEqual([]),
    everything,
  );
  // What is found all the same is to be taken off the list.
  expect((await finders()).filter(({ by, found }) => !by && found.length > 0)).toEqual([]);

  await database.restore();
  await eventually(async () => expect(await open()).toEqual([]), everything);
}, 320_000);

test('every table is listed', async () => {
  const listed = new Set([
    ...tables.map(({ service, table }) => (table.includes('.') ? table : `${service}.${table}`)),
    ...Object.keys(unseenTables),
  ]);
  const found = new Set<string>();
  for (const service of [...services, 'customer']) {
    const names = await sql<{ schema: string; name: string }>(
      service,
      `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
       WHERE table_schema IN ('public', 'messaging') AND table_name <> '_prisma_migrations'`,
    );
    for (const { schema, name } of names)
      found.add(schema === 'messaging' ? `messaging.${name}` : `${service}.${name}`);
  }
  expect([...found].sort()).toEqual([...listed].sort());
});

test('docs/audit.md has the table of what is found', async () => {
  const doc = await readFile(new URL('../docs/audit.md', import.meta.url), 'utf8');
  expect(doc).toContain(editsTable());
});
