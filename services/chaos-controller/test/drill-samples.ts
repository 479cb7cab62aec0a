import { type DrillSpec, drillSpec } from '@orderflow/contracts/drills';
import { newId } from '@orderflow/contracts/ids';
import type { CheckView, InvariantName } from '@orderflow/contracts/invariants';
import type { DrillOrder } from '../src/drill-orders/drill-order.ts';
import { type DrillState, newDrill } from '../src/drill-state.ts';

export const aSpec = (changes: Partial<DrillSpec> = {}): DrillSpec =>
  drillSpec.parse({
    hypothesis: 'Orders go on when inventory crashes.',
    target: { kind: 'service', service: 'inventory' },
    fault: { type: 'crash' },
    ...changes,
  });

export const aDrill = (changes: Partial<DrillState> = {}): DrillState => ({
  ...newDrill({ id: newId(), name: 'inventory-crash', spec: aSpec(), at: 0 }),
  phase: 'SteadyState',
  ...changes,
});

/** One that was paid, unless told otherwise. */
export const aDrillOrder = (changes: Partial<DrillOrder> = {}): DrillOrder => ({
  n: 1,
  key: `drill-${newId()}-1`,
  askedAt: 1_000,
  tries: 1,
  orderId: newId(),
  acceptedAt: 1_100,
  refusedAt: null,
  refusal: null,
  status: 'PAID',
  endedAt: 1_500,
  ...changes,
});

/** A check that found these orders wrong by this invariant. */
export const aCheck = (name: InvariantName, orderIds: (string | null)[], more = 0): CheckView => ({
  status: orderIds.length > 0 ? 'broken' : 'holds',
  checkedAt: '2026-01-31T12:00:00.000Z',
  seconds: 1.5,
  orders: 100,
  invariants: [
    {
      name,
      sentence: 'No order is charged twice.',
      reads: ['charges'],
      status: orderIds.length > 0 ? 'broken' : 'holds',
      reason: null,
      violations: orderIds.map((orderId) => ({
        invariant: name,
        subject: orderId ?? 'bank',
        orderId,
        detail: '2 charges | 1 is right',
        rows: {},
        beganAt: '2026-01-31T12:00:00.000Z',
        endedAt: null,
      })),
      violationCount: orderIds.length + more,
    },
  ],
});
