import { operations } from '@orderflow/contracts/api';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, newCustomer } from './accounts.ts';
import type { Answer, Api } from './api.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';
import { exchanging, producing } from './violations.ts';

let system: TestSystem;
let seller: Awaited<ReturnType<typeof logIn>>;
let productId: string;
beforeAll(async () => {
  system = await startTestSystem();
  seller = await logIn(system.urls.gateway!, 'seller@orderflow.io', 'Seller123!');
  const sellerId = seller.account.sellerId!;
  await seller.must('PUT', `/api/sellers/${sellerId}/settings`, { confirmation: 'automatic' });
  productId = (await seller.createProduct(50, { sellerId })).id;
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
}, 120_000);
afterAll(() => system?.stop(), 60_000);

const card = { number: '4242424242424242', expMonth: 12, expYear: 2034, cvc: '123' };

/** A customer with a card of their own, and all that they were answered since. */
async function customerWithCard() {
  const api = await newCustomer(system.urls.gateway!, system.internalToken);
  const path = '/api/payments/methods';
  // A bank that has just started may not answer in time.
  const { paymentMethod } = await eventually(() =>
    api.must<{ paymentMethod: string }>('POST', path, { card }),
  );
  const answers: Answer<unknown>[] = [];
  async function keep<T>(asking: Promise<Answer<T>>): Promise<Answer<T>> {
    const answer = await asking;
    answers.push(answer);
    return answer;
  }
  return {
    ...{ api, paymentMethod, answers },
    order: (method?: string) => keep(api.placeOrder(productId, { paymentMethod: method })),
    pay: (orderId: string, method: string) =>
      keep(api.call<{ code: string }>('POST', `/api/orders/${orderId}/pay`, { paymentMethod: method })),
  };
}

const becomes = (orderId: string, changes: Partial<OrderView>) =>
  eventually(async () => expect(await system.api.order(orderId)).toMatchObject(changes));

const isDue = (orderId: string) =>
  eventually(async () => expect((await system.api.payment(orderId)).status).toBe('DUE'));

test('a payment method pays for its customer only, and is seen nowhere outside of payment', {
  timeout: 240_000,
}, async () => {
  const [ada, eve] = [await customerWithCard(), await customerWithCard()];
  const [own, byForm, stolen, stolenByForm, nobodys] = [
    (await ada.order(ada.paymentMethod)).body.id,
    (await ada.order()).body.id,
    (await eve.order(ada.paymentMethod)).body.id,
    (await eve.order()).body.id,
    (await ada.order('pm_of_nobody')).body.id,
  ];
  await becomes(own, { status: 'PAID' });
  await becomes(stolen, { status: 'CANCELLED', cancelReason: 'payment_declined', paymentStatus: 'DECLINED' });
  await becomes(nobodys, {
    status: 'CANCELLED',
    cancelReason: 'payment_declined',
    paymentStatus: 'DECLINED',
  });
  for (const orderId of [byForm, stolenByForm]) await isDue(orderId);
  expect((await ada.pay(byForm, ada.paymentMethod)).status).toBe(202);
  await becomes(byForm, { status: 'PAID' });
  const refused = await eve.pay(stolenByForm, ada.paymentMethod);
  expect([refused.status, refused.body.code]).toEqual([422, 'unknown_payment_method']);
  expect((await eve.pay(stolenByForm, eve.paymentMethod)).status).toBe(202);
  await becomes(stolenByForm, { status: 'PAID' });
  const charges = await system.ledgers.rows<{ reference: string }>(
    'bank',
    "SELECT reference FROM ledger WHERE status = 'succeeded' AND payment_method = $1 ORDER BY reference",
    [ada.paymentMethod],
  );
  expect(charges.map(({ reference }) => reference)).toEqual([own, byForm].toSorted());
  await eventually(async () => expect(await system.ledgers.violations()).toEqual([]), { timeoutMs: 20_000 });

  // An event of the last release, which had the method in it, given up on.
  const letter = newId();
  await system.ledgers.rows(
    'notification',
    `INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts)
     VALUES ('notification', $1, 'orderflow:order', '1-0', $2, 'failed', $3, 8)`,
    [letter, JSON.stringify({ data: { paymentMethod: ada.paymentMethod } }), `no ${ada.paymentMethod}`],
  );
  const seen = await everyAnswer({ orders: [own, stolen] });
  expect(seen.length).toBeGreaterThan(100);
  expect(seen.filter(({ text }) => text.includes(own)).length).toBeGreaterThan(10);
  const timeline = seen.find(({ what }) => what === `seller: GET /api/orders/${own}/timeline`);
  expect(timeline!.text).toContain('"sealedMethod":"[payment method]"');
  const told = JSON.stringify([ada.answers, eve.answers]);
  expect(told).toContain(own);
  expect([...seen, { what: 'answers of the flow', text: told }].filter(tellsMethod)).toEqual([]);
});

test('no event and no log line has a payment method', async () => {
  const ada = await customerWithCard();
  const { body } = await ada.order(ada.paymentMethod);
  await becomes(body.id, { status: 'PAID' });
  const events = await eventsOf();
  expect(events.filter(({ text }) => text.includes('order.charge-requested')).length).toBeGreaterThan(0);
  expect(events.filter(tellsMethod)).toEqual([]);
  const lines = [...exchanging, 'bank', 'gateway'].map((service) => ({
    what: `log of ${service}`,
    text: JSON.stringify(system.logged(service)),
  }));
  expect(lines.filter(({ text }) => text.includes(body.id)).length).toBeGreaterThan(0);
  expect(lines.filter(tellsMethod)).toEqual([]);
});

type Seen = { what: string; text: string };

/** Public test cards, which are in events of those who pay with them, are no secret; nobody here does. */
const tellsMethod = ({ text }: Seen): boolean => text.includes('pm_');

/** Documents of the API itself: they say how a method is written. */
const documents = ['/openapi.json'];

/** What every reading operation answers to an admin, the seller, OrderFlow's own parts and a stranger, about each order. */
async function everyAnswer({ orders }: { orders: string[] }): Promise<Seen[]> {
  const admin = await logIn(system.urls.gateway!, 'admin@orderflow.io', 'Admin123!');
  const people = { admin, seller, service: system.api, nobody: system.nobody };
  const seen: Seen[] = [];
  for (const orderId of orders) {
    const ids = await idsFor(orderId);
    for (const { method, path, success } of operations) {
      if (method !== 'get' || documents.includes(path)) continue;
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids(path, name));
      const isStream = success.contentType === 'text/event-stream';
      const asked = Object.entries(people).map(async ([name, person]) => ({
        what: `${name}: GET ${url}`,
        text: isStream ? await streamText(person, url) : await answerText(person, url),
      }));
      seen.push(...(await Promise.all(asked)));
    }
  }
  return seen;
}

async function idsFor(orderId: string) {
  const list = await system.api.must<{ items: { id: string }[] }>('GET', '/api/dead-letters');
  const messages = await system.api.must<{ items: { id: string }[] }>(
    'GET',
    `/api/notifications?orderId=${orderId}`,
  );
  const payment = await system.api.payment(orderId);
  const { customer } = await system.api.order(orderId);
  return (path: string, name: string): string => {
    if (name === 'service') return 'notification';
    if (name === 'productId' || path.startsWith('/api/products')) return productId;
    if (path.startsWith('/api/dead-letters')) return list.items[0]!.id;
    if (path.startsWith('/api/payments')) return payment.id;
    if (path.startsWith('/api/notifications')) return messages.items[0]!.id;
    if (path.startsWith('/api/customers')) return customer.id;
    return path.startsWith('/api/sellers') ? seller.account.sellerId! : orderId;
  };
}

const headersOf = ({ token }: Pick<Api, 'token'>) =>
  token ? { authorization: `Bearer ${token}` } : undefined;

const answerText = async (person: Pick<Api, 'token'>, path: string): Promise<string> =>
  (await fetch(system.urls.gateway! + path, { headers: headersOf(person) })).text();

/** The first events of a stream, up to the one that says how the payment ended. */
async function streamText(person: Pick<Api, 'token'>, path: string): Promise<string> {
  const leaving = new AbortController();
  const answer = await fetch(system.urls.gateway! + path, {
    headers: headersOf(person),
    signal: leaving.signal,
  });
  if (!answer.ok) return answer.text();
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/event: payment\.(captured|declined)/.test(text)) break;
  }
  leaving.abort();
  return text;
}

/** Every event there is, as its producer wrote it and as the auditor recorded it. */
async function eventsOf(): Promise<Seen[]> {
  const written = await Promise.all(
    producing.map((service) =>
      system.ledgers.rows<{ text: string }>(service, 'SELECT envelope::text AS text FROM messaging.outbox'),
    ),
  );
  const recorded = await system.ledgers.rows<{ text: string }>(
    'auditor',
    "SELECT type || ' ' || data::text AS text FROM events",
  );
  return [...written.flat(), ...recorded].map(({ text }) => ({ what: 'event', text }));
}
