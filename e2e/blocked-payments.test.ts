import type { AuditLine } from '@orderflow/contracts/http/audit';
import type { OrderView } from '@orderflow/contracts/http/orders';
import type { PaymentView } from '@orderflow/contracts/http/payments';
import type { InvariantsView } from '@orderflow/contracts/invariants';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn } from './accounts.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({ INVARIANT_EVERY_MS: '300', INVARIANT_GRACE_MS: '2000' });
}, 120_000);
afterAll(() => system?.stop(), 60_000);

const slowly = { timeoutMs: 30_000, everyMs: 200 };

async function paidOrder(): Promise<string> {
  const { id } = await system.api.createProduct(5);
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
  const { body } = await system.api.placeOrder(id, { paymentMethod: 'pm_card_visa' });
  await eventually(async () => expect((await system.api.order(body.id)).status).toBe('PAID'));
  return body.id;
}

const invariant = async (name: string) => {
  const { invariants } = await system.api.must<InvariantsView>('GET', '/api/invariants');
  return invariants.find((one) => one.name === name)!;
};

test('a refund that the bank refuses for good is named by the auditor until an admin has decided about it', async () => {
  const admin = await logIn(system.urls.gateway!, 'admin@orderflow.io', 'Admin123!');
  const orderId = await paidOrder();
  const atBank = (refunded: string) =>
    system.ledgers.rows('bank', `UPDATE ledger SET refunded = ${refunded} WHERE reference = $1`, [orderId]);
  await atBank('amount');
  await admin.must('POST', `/api/orders/${orderId}/cancel`);
  await eventually(async () => expect((await admin.payment(orderId)).status).toBe('REFUND_BLOCKED'), slowly);
  await eventually(
    async () =>
      expect(await invariant('no-blocked-payments')).toMatchObject({
        status: 'broken',
        violations: [{ subject: orderId, detail: expect.stringContaining('/resolve') }],
      }),
    slowly,
  );
  await atBank('0');

  const { id } = await admin.payment(orderId);
  const path = `/api/payments/${id}/resolve`;
  const body = { outcome: 'refunded', reference: 'transfer 7', reason: 'sent by bank transfer' };
  expect(await admin.must<PaymentView>('POST', path, body)).toMatchObject({ status: 'REFUNDED' });
  await eventually(async () =>
    expect(await admin.must<OrderView>('GET', `/api/orders/${orderId}`)).toMatchObject({
      status: 'CANCELLED',
      paymentStatus: 'REFUNDED',
    }),
  );
  await eventually(async () => {
    const { items } = await admin.must<{ items: AuditLine[] }>('GET', `/api/audit?orderId=${orderId}`);
    expect(items.find(({ type }) => type === 'payment.resolved')).toMatchObject({
      actor: `admin:${admin.account.id}`,
      details: { outcome: 'refunded', reference: 'transfer 7', reason: 'sent by bank transfer' },
    });
  }, slowly);
  for (const name of ['no-blocked-payments', 'bank-agrees-with-payment', 'payments-match-events']) {
    await eventually(
      async () => expect(await invariant(name)).toMatchObject({ status: 'holds', violations: [] }),
      slowly,
    );
  }
});
