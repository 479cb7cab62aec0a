import { newId } from '@orderflow/contracts/ids';
import { bury } from '@orderflow/messaging/dead-letters';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { oldId, placed, saga } from '../test/saga.ts';

const method = 'pm_1OfAdaLovelace';
const sealedMethod = `sealed.${'A1b2-_'.repeat(10)}`;

/** An order whose events have its payment method, as those of before did, and sealed as those of now. */
async function orderWithMethod() {
  const harness = await auditorHarness();
  const orderId = oldId();
  const [, , confirmed] = saga(orderId).events;
  const owed = confirmed.data;
  await harness.record([
    placed(orderId),
    { ...confirmed, actor: 'customer:ada', data: { ...owed, paymentMethod: method } },
    anEvent('order.charge-requested', { ...owed, sealedMethod }, { sequence: 4, actor: 'customer:ada' }),
  ]);
  return { ...harness, orderId };
}

const shown = (text: string): string => {
  expect(text).toContain('[payment method]');
  expect(text).not.toMatch(/pm_|sealed\./);
  return text;
};

test.each([
  ['the timeline', 'seller', (id: string) => `/api/orders/${id}/timeline`],
  ['the events', 'admin', (id: string) => `/api/audit/events?orderId=${id}`],
  ['the audit log', 'admin', (id: string) => `/api/audit?orderId=${id}`],
] as const)('%s shows to the %s that there was a payment method, and not which', async (_what, who, path) => {
  const { app, orderId } = await orderWithMethod();
  const answer = await request(app)
    .get(path(orderId))
    .set(await as[who]());
  expect(answer.status).toBe(200);
  expect(shown(answer.text)).toContain('"paymentMethod":"[payment method]"');
});

test('live events show none either', async () => {
  const { follow, orderId } = await orderWithMethod();
  const stream = await follow(orderId, await as.seller());
  await eventually(() => expect(stream.types()).toContain('order.charge-requested'));
  shown(JSON.stringify(stream));
});

test('what is wrong with a payment is shown without its method, what was found before too', async () => {
  const { app, db } = await auditorHarness();
  const rows = { payments: { paymentMethod: method } };
  await db.query(
    `INSERT INTO violations (id, invariant, subject, order_id, detail, rows)
     VALUES ($1, 'payments-match-events', $2::text, $2::text::uuid, $3, $4)`,
    [newId(), newId(), `paymentMethod is ${method}, its events say nothing.`, rows],
  );
  const answer = await request(app)
    .get('/api/invariants/violations')
    .set(await as.admin());
  shown(answer.text);
});

test('a dead letter is shown without the method in its event and in its error', async () => {
  const { app, db } = await auditorHarness();
  const event = { ...saga().events[2], data: { paymentMethod: method, sealedMethod } };
  await bury(
    db,
    {
      ...{ group: 'auditor', key: newId(), stream: 'orderflow:order', entryId: '1-0' },
      body: JSON.stringify(event),
    },
    { reason: 'failed', error: `Error: no ${method}\n    at ${method}`, attempts: 8 },
  );
  const admin = await as.admin();
  const list = await request(app).get('/api/dead-letters').set(admin);
  shown(list.text);
  const letter = await request(app).get(`/api/dead-letters/auditor/${list.body.items[0].id}`).set(admin);
  shown(letter.text);
  expect(JSON.parse(letter.body.body).data).toEqual({
    paymentMethod: '[payment method]',
    sealedMethod: '[payment method]',
  });
});
