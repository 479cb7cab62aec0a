import type { TokensView } from '@orderflow/contracts/auth';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn } from './accounts.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';

let system: TestSystem;
let productId: string;

beforeAll(async () => {
  system = await startTestSystem();
  productId = (await system.api.createProduct(100)).id;
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
}, 120_000);
afterAll(() => system?.stop(), 60_000);

/** The text of the newest mail to an address whose subject has these words. */
async function mailTo(email: string, about: string): Promise<string> {
  let found: string | undefined;
  await eventually(async () => {
    const response = await fetch(`${system.urls.postbox}/messages?to=${encodeURIComponent(email)}`);
    const mails = (await response.json()) as { subject: string; text: string }[];
    found = mails.find(({ subject }) => subject.includes(about))?.text;
    expect(found, `a mail "${about}" to ${email}`).toBeDefined();
  });
  return found!;
}

const codeIn = (text: string): string => /[0-9A-Z]{4}(-[0-9A-Z]{4}){2}/.exec(text)![0];

/** A guest's order that is paid. */
async function paidAsGuest(email: string): Promise<string> {
  const items = [{ product_id: productId, quantity: 1 }];
  const order = { customer_name: 'Ada', customer_email: email, items };
  const { order_id } = await system.nobody.must<{ order_id: string }>('POST', '/orders', order);
  await eventually(async () => expect((await system.api.order(order_id)).status).toBe('PAID'));
  return order_id;
}

test('a guest’s orders are linked to an account once the mail has shown whose address it is', async () => {
  const email = `ada-${newId()}@example.com`;
  const orderId = await paidAsGuest(email);
  const register = (password: string) =>
    system.nobody.must('POST', '/api/auth/register', { name: 'Ada', email, password });
  const stranger = newId();
  await register(stranger);
  const credentials = { email, password: stranger };
  expect((await system.nobody.call('POST', '/api/auth/login', credentials)).status).toBe(401);

  const hers = newId();
  const first = codeIn(await mailTo(email, 'Your code for OrderFlow'));
  await register(hers);
  let code = first;
  await eventually(async () => {
    code = codeIn(await mailTo(email, 'Your code for OrderFlow'));
    expect(code).not.toBe(first);
  });
  const { account } = await system.nobody.must<TokensView>('POST', '/api/auth/verify-email', {
    email,
    password: hers,
    code,
  });
  expect((await system.nobody.call('POST', '/api/auth/login', credentials)).status).toBe(401);
  const ada = await logIn(system.urls.gateway!, email, hers);
  expect(ada.account).toEqual(account);
  const { items } = await ada.must<{ items: OrderView[] }>('GET', '/api/orders');
  expect(items.map(({ id }) => id)).toEqual([orderId]);
  expect((await ada.must<OrderView>('POST', `/api/orders/${orderId}/cancel`, {})).status).toBe('CANCELLED');

  await register(newId());
  expect(await mailTo(email, 'You have an account already')).toContain('reset the password');
});

test('a guest sees and cancels their order by the link of the mail', async () => {
  const email = `grace-${newId()}@example.com`;
  const orderId = await paidAsGuest(email);
  const link = /http:\S+/.exec(await mailTo(email, 'paid'))![0];
  expect(link.startsWith(system.urls.gateway!.replace('127.0.0.1', 'localhost'))).toBe(true);
  const seen = await fetch(link);
  expect((await seen.json()) as OrderView).toMatchObject({ id: orderId, status: 'PAID' });
  const { pathname, search } = new URL(link);
  const cancelled = await system.nobody.must<OrderView>('POST', `${pathname}/cancel${search}`, {});
  expect(cancelled.status).toBe('CANCELLED');
  const logs = ['gateway', 'order', 'notification'].map((service) => JSON.stringify(system.logged(service)));
  expect(logs.join()).not.toContain(new URL(link).searchParams.get('access')!);
});
