import { createClient } from '@orderflow/client/client';
import { newId } from '@orderflow/contracts/ids';
import type { CheckView } from '@orderflow/contracts/invariants';
import { eventually } from '@orderflow/testing/eventually';
import { expect } from 'vitest';
import { startTestSystem } from './test-system.ts';

/** The system with one product, orders to throw at it, and the audit that follows. */
export async function startUnderLoad(...options: Parameters<typeof startTestSystem>) {
  const system = await startTestSystem(...options);
  const { ledgers } = system;
  const { id: productId } = await system.api.createProduct(1_000_000);
  await eventually(async () => expect(await ledgers.productsUnknownToOrders()).toBe(0));
  const accepted = new Set<string>();

  const client = createClient({ baseUrl: system.urls.gateway!, token: system.internalToken, retries: 50 });

  /** As a shop would: an order without an answer is sent again by the same key. One of five has a bad card. */
  async function placeOne(n: number): Promise<void> {
    const { id } = await client.call('placeOrder', {
      body: {
        customer: { name: 'Ada', email: `ada-${newId()}@example.com` },
        items: [{ productId, quantity: 1 + (n % 3) }],
        paymentMethod: n % 5 === 4 ? 'pm_card_chargeDeclined' : 'pm_card_visa',
      },
    });
    accepted.add(id);
  }

  /** What the auditor finds, with nothing under way any more. */
  async function off(): Promise<string[]> {
    const question = { settledBy: new Date().toISOString() };
    const { invariants } = await system.api.must<CheckView>('POST', '/api/invariants/checks', question);
    return invariants
      .filter(({ status }) => status !== 'holds')
      .map(({ name, reason, violations: [first] }) => `${name}: ${reason ?? first?.detail}`);
  }

  const place = (orders: number) => Promise.all(Array.from({ length: orders }, (_, n) => placeOne(n)));

  return {
    system,
    ledgers,
    accepted,
    /** Places so many orders at once. */
    place,
    /** Places orders, some at a time, for as long as `work` takes, and no more than a few hundred. */
    async placeDuring(work: () => Promise<unknown>): Promise<void> {
      let working = true;
      const finished = work().finally(() => {
        working = false;
      });
      for (let batch = 0; working && batch < 80; batch++) await place(5);
      await finished;
    },
    /** By the auditor, too: each row is what its events say. */
    audited: () =>
      eventually(async () => expect(await off()).toEqual([]), { timeoutMs: 30_000, everyMs: 500 }),
    /** All orders came to their end, and every order, cent, item, message and event is accounted for. */
    async survived(options: { deadLetters?: number } = {}): Promise<void> {
      await eventually(async () => expect(await ledgers.incomplete(accepted.size)).toBe(0), {
        timeoutMs: 45_000,
        everyMs: 100,
      });
      await eventually(async () => expect(await ledgers.violations(options)).toEqual([]), {
        timeoutMs: 10_000,
        everyMs: 200,
      });
      // None is lost, and none is there twice, however often it was sent.
      expect(new Set((await ledgers.orders()).map((order) => order.id))).toEqual(accepted);
    },
  };
}

export type UnderLoad = Awaited<ReturnType<typeof startUnderLoad>>;
