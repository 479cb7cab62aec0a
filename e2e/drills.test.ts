import type { DrillReport, DrillSpec, DrillView } from '@orderflow/contracts/drills';
import type { BreakMessage, Safeguard } from '@orderflow/messaging/safeguards';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from './test-system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
}, 120_000);
afterAll(() => system?.stop(), 60_000);

/** A drill as short as it can be. */
const crashOf = (service: 'payment' | 'notification' | 'inventory', more: object = {}): DrillSpec => ({
  hypothesis: `The service ${service} may die at any moment.`,
  target: { kind: 'service', service },
  fault: { type: 'crash', count: 1, times: 1 },
  orders: { perSecond: 5 },
  probes: [],
  abortWhen: { objective: 0.99, windowSeconds: 60, blindSeconds: 60 },
  steadySeconds: 3,
  observeSeconds: 1,
  recoverWithinSeconds: 30,
  settleWithinSeconds: 60,
  dryRun: false,
  ...more,
});

const start = (name: string, spec: DrillSpec) =>
  system.api.must<DrillView>('POST', '/api/drills', { name, spec });

/** Waits until the drill is in one of these phases; the controller may be away meanwhile. */
const reaches = (id: string, ...phases: string[]) =>
  eventually(
    async () => {
      const drill = await system.api.must<DrillView>('GET', `/api/drills/${id}`);
      expect(phases).toContain(drill.phase);
      return drill;
    },
    { timeoutMs: 90_000, everyMs: 100 },
  );

async function reportOf(id: string): Promise<DrillReport> {
  await reaches(id, 'Passed', 'Failed', 'Inconclusive', 'Aborted', 'Refused');
  return system.api.must<DrillReport>('GET', `/api/drills/${id}/report`);
}

const breakIn = (service: string, ...safeguards: Safeguard[]) => {
  for (const breakSafeguard of safeguards) {
    system.process(service).send({ breakSafeguard } satisfies BreakMessage);
  }
};

test('payment crashes under orders: the drill passes, with nothing lost and nothing doubled', async () => {
  const { id } = await start('payment-crash', crashOf('payment'));
  const report = await reportOf(id);
  expect(report).toMatchObject({
    verdict: 'Passed',
    driver: 'local',
    orders: { lost: 0, doubled: 0, refused: 0 },
    instances: [{ name: 'payment' }],
    invariants: { before: 'holds', after: { status: 'holds' } },
  });
  expect(report.orders.accepted).toBeGreaterThan(10);
  expect(report.recoveredAfter).toBeGreaterThan(0);
  expect(system.process('payment').restarts).toBe(1);
}, 120_000);

test('the controller is killed while inventory is cut off: it goes on, and what it cut is whole again', async () => {
  const restarts = system.process('inventory').restarts;
  const { id } = await start(
    'inventory-partition',
    crashOf('inventory', { fault: { type: 'partition', count: 1, times: 1, forSeconds: 6 } }),
  );
  await reaches(id, 'Observing');
  const { uid } = system.process('inventory');
  system.process('chaos-controller').kill('SIGKILL');
  const report = await reportOf(id);
  expect(report).toMatchObject({ verdict: 'Passed', orders: { lost: 0, doubled: 0 } });
  // It was frozen and continued, and neither died nor was struck a second time.
  expect(system.process('inventory').uid).toBe(uid);
  expect(system.process('inventory').restarts).toBe(restarts);
  expect(system.process('chaos-controller').restarts).toBe(1);
}, 120_000);

test('events come again and the inbox knows them: the drill passes', async () => {
  breakIn('notification', 'acknowledgement');
  const { id } = await start('notification-crash', crashOf('notification'));
  expect(await reportOf(id)).toMatchObject({ verdict: 'Passed', orders: { lost: 0, doubled: 0 } });
}, 120_000);

test('the same without the inbox check: the drill fails, and the auditor names the orders', async () => {
  breakIn('notification', 'acknowledgement', 'inbox-check');
  // What is doubled stays so, however long it is waited for.
  const spec = crashOf('notification', { settleWithinSeconds: 10 });
  const { id } = await start('notification-crash', spec);
  const report = await reportOf(id);
  expect(report.verdict).toBe('Failed');
  expect(report.orders.doubled).toBeGreaterThan(0);
  const broken = report.invariants.after!.invariants.find(({ name }) => name === 'one-message-per-event')!;
  expect(broken.status).toBe('broken');
  const named = broken.violations.map(({ orderId }) => orderId);
  expect(report.orders.doubledIds).toEqual(expect.arrayContaining([named[0]]));
  // The books themselves say so too, read behind the services' backs.
  const twice = await system.ledgers.rows<{ order_id: string }>(
    'notification',
    'SELECT order_id FROM messages GROUP BY order_id, template, channel HAVING count(*) > 1',
  );
  expect(twice.map((row) => row.order_id)).toEqual(expect.arrayContaining(named));
}, 120_000);
