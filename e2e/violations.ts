import type { ServiceName } from '@orderflow/contracts/events';
import type { OrderStatus } from '@orderflow/contracts/order';

/** Services whose database holds messaging's tables. */
export const exchanging = ['order', 'inventory', 'payment', 'notification', 'customer', 'auditor'] as const;
export const producing: ServiceName[] = ['order', 'inventory', 'payment', 'notification', 'customer'];

export type OrderRow = { id: string; status: OrderStatus; total: number; method: string | null };

/** How the books of a service are read. */
export type Books = {
  rows: <T extends object>(service: string, text: string, values?: unknown[]) => Promise<T[]>;
  count: (service: string, text: string) => Promise<number>;
};

/** Sentences about what is wrong, the first twenty; none when every order, cent, item and message is accounted for. */
export async function findViolations(
  books: Books,
  {
    orders,
    unsettled,
    deadLetters,
  }: { orders: OrderRow[]; unsettled: Record<string, number>; deadLetters: number },
): Promise<string[]> {
  return [
    ...unsettledViolations(unsettled),
    ...(await deadLetterViolations(books, deadLetters)),
    ...(await stockViolations(books, orders)),
    ...(await moneyViolations(books, orders)),
    ...(await messageViolations(books, orders)),
    ...(await eventViolations(books)),
  ].slice(0, 20);
}

const lawfulReservations: Record<OrderStatus, string[]> = {
  PENDING: ['none'],
  CONFIRMED: ['HELD'],
  PAID: ['HELD'],
  SHIPPED: ['SHIPPED'],
  FULFILLED: ['SHIPPED'],
  CANCELLED: ['none', 'REJECTED', 'RELEASED'],
};

/** The message that a customer must have got when an order rests in a state. */
const dueMessage: Partial<Record<OrderStatus, string>> = {
  PAID: 'order-paid',
  SHIPPED: 'order-shipped',
  FULFILLED: 'order-fulfilled',
  CANCELLED: 'order-cancelled',
};

function unsettledViolations(left: Record<string, number>): string[] {
  return Object.entries(left).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${what} are left`]));
}

async function deadLetterViolations({ rows }: Books, expected: number): Promise<string[]> {
  const letters = (
    await Promise.all(
      exchanging.map((service) =>
        rows<{ key: string; error: string }>(service, 'SELECT key, error FROM messaging.dead_letter'),
      ),
    )
  ).flat();
  return letters.length === expected
    ? []
    : [
        `${letters.length} dead letters instead of ${expected}: ${letters.map(({ key, error }) => `${key} ${error}`).join('; ')}`,
      ];
}

async function stockViolations({ rows }: Books, all: OrderRow[]): Promise<string[]> {
  const wrong: string[] = [];
  const reservations = await rows<{ order_id: string; status: string }>(
    'inventory',
    'SELECT order_id, status FROM reservations',
  );
  const statusOf = new Map(reservations.map((row) => [row.order_id, row.status]));
  for (const { id, status } of all) {
    const has = statusOf.get(id) ?? 'none';
    if (!lawfulReservations[status].includes(has))
      wrong.push(`order ${id} is ${status} but its reservation is ${has}`);
  }
  const stock = await rows<{ product_id: string }>(
    'inventory',
    `SELECT product_id, stock.*, ledger.*, held.* FROM stock
     LEFT JOIN LATERAL (SELECT
         coalesce(sum(quantity) FILTER (WHERE kind IN ('RECEIVED', 'ADJUSTED')), 0) AS in_ledger,
         coalesce(sum(quantity) FILTER (WHERE kind = 'SHIPPED'), 0) AS out_ledger,
         coalesce(sum(CASE kind WHEN 'RESERVED' THEN quantity WHEN 'RELEASED' THEN -quantity WHEN 'SHIPPED' THEN -quantity END), 0) AS reserved_ledger
       FROM movements WHERE movements.product_id = stock.product_id) AS ledger ON true
     LEFT JOIN (SELECT (item->>'productId')::uuid AS held_product, sum((item->>'quantity')::int) AS held
       FROM reservations, jsonb_array_elements(items) AS item WHERE status = 'HELD' GROUP BY 1) AS held
       ON held_product = product_id
     WHERE received <> in_ledger OR shipped <> out_ledger OR reserved <> reserved_ledger
       OR reserved <> coalesce(held, 0) OR received <> on_hand + shipped OR reserved > on_hand OR reserved < 0`,
  );
  return [...wrong, ...stock.map((row) => `stock of ${row.product_id} is wrong: ${JSON.stringify(row)}`)];
}

async function moneyViolations({ rows }: Books, all: OrderRow[]): Promise<string[]> {
  const books = await rows<{ reference: string; charges: string; net: string }>(
    'bank',
    `SELECT reference, count(*) FILTER (WHERE kind = 'charge') AS charges,
       sum(CASE kind WHEN 'charge' THEN amount ELSE -amount END) AS net
     FROM ledger WHERE status = 'succeeded' GROUP BY reference`,
  );
  const chargedFor = new Map(
    books.map((row) => [row.reference, { charges: Number(row.charges), net: Number(row.net) }]),
  );
  const wrong = all.flatMap(({ id, status, total }) => {
    const { charges, net } = chargedFor.get(id) ?? { charges: 0, net: 0 };
    const owed = status === 'PAID' || status === 'SHIPPED' || status === 'FULFILLED' ? total : 0;
    if (net !== owed) return [`order ${id} is ${status} and owes ${owed}, but the bank holds ${net}`];
    return charges > 1 ? [`order ${id} was charged ${charges} times`] : [];
  });
  const known = new Set(all.map((order) => order.id));
  return [
    ...wrong,
    ...books
      .filter((row) => !known.has(row.reference))
      .map((row) => `the bank charged for ${row.reference}, which is no order`),
  ];
}

async function messageViolations({ rows, count }: Books, all: OrderRow[]): Promise<string[]> {
  const sent = await rows<{ order_id: string; template: string; channel: string; n: string }>(
    'notification',
    'SELECT order_id, template, channel, count(*) AS n FROM messages GROUP BY 1, 2, 3',
  );
  const doubled = sent
    .filter((row) => row.n !== '1')
    .map((row) => `${row.n} messages ${row.template} for order ${row.order_id}`);
  const templatesOf = Map.groupBy(sent, (row) => row.order_id);
  const missing = all.flatMap(({ id, status }) => {
    const due = dueMessage[status];
    if (!due || templatesOf.get(id)?.some((row) => row.template === due)) return [];
    return [`order ${id} is ${status} but no message ${due} was sent`];
  });
  const arrived = await rows<{ order_id: string; subject: string }>(
    'postbox',
    'SELECT order_id, subject FROM messages GROUP BY order_id, subject, channel HAVING count(*) > 1',
  );
  const letters = await count('postbox', 'messages');
  const written = await count('notification', "messages WHERE status = 'SENT'");
  return [
    ...doubled,
    ...missing,
    ...arrived.map((row) => `the mailbox holds "${row.subject}" twice for order ${row.order_id}`),
    ...(letters === written ? [] : [`${written} messages were sent, ${letters} arrived`]),
  ];
}

async function eventViolations({ rows, count }: Books): Promise<string[]> {
  const gaps = await rows<{ source: string; subject: string }>(
    'auditor',
    'SELECT source, subject FROM events GROUP BY source, subject HAVING count(*) <> max(sequence) OR count(DISTINCT sequence) <> count(*)',
  );
  const kept = await count('auditor', 'events');
  let written = 0;
  for (const service of producing) written += await count(service, 'messaging.outbox');
  return [
    ...gaps.map((gap) => `the sequence of ${gap.source} ${gap.subject} has holes or repeats`),
    ...(kept === written ? [] : [`${written} events were written, the auditor keeps ${kept}`]),
  ];
}
