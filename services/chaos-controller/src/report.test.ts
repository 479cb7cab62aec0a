import { type DrillReport, drillReport } from '@orderflow/contracts/drills';
import { expect, test } from 'vitest';
import { aCheck, aDrill } from '../test/drill-samples.ts';
import { someTallies } from '../test/engine-world.ts';
import { makeReport } from './report.ts';
import type { Tallies } from './seen.ts';

const latency = (p95: number) => ({ orders: 10, p50: 10, p95, p99: p95, endP95: 500 });
const tallies = (changes: Partial<Tallies['orders']> = {}): Tallies => ({
  ...someTallies,
  orders: { ...someTallies.orders, ...changes },
  latency: { before: latency(20), during: latency(3_000), after: latency(25) },
  pace: { from: '1970-01-01T00:00:00.000Z', sliceSeconds: 1, ended: [1, 2, 0, 3] },
});

const over = (changes: Parameters<typeof aDrill>[0] = {}) =>
  aDrill({
    phase: 'Passed',
    startedAt: 1_000,
    endedAt: 60_000,
    injectedAt: 11_000,
    recoveredAt: 18_240,
    detected: { after: 1.234, by: 'target' },
    rounds: [
      { chosenAt: 10_000, instances: [{ name: 'inventory-1', uid: 'a', outcome: 'removed' }] },
      { chosenAt: 15_000, instances: [{ name: 'inventory-1', uid: 'b', outcome: 'removed' }] },
    ],
    probes: { products: { samples: 9, failed: 2, failedInARow: 0, unknown: 1, last: 'holds' } },
    invariantsBefore: 'holds',
    check: aCheck('one-charge-per-order', []),
    tallies: tallies(),
    ending: {
      verdict: 'Passed',
      reason: 'AccountedFor',
      message: 'All is accounted for.',
      decidedAt: 59_000,
    },
    timeline: [{ at: 11_000, phase: 'Injecting', what: 'inventory-1 crashed.' }],
    ...changes,
  });

const report = (drill = over(), previous: DrillReport | null = null) =>
  makeReport({ drill, driver: 'local', previous });

test('a report is what its contract says, with times from the fault on', () => {
  const drill = over();
  const made = report(drill);
  expect(drillReport.parse(made)).toEqual(made);
  expect(made).toMatchObject({
    id: drill.id,
    driver: 'local',
    verdict: 'Passed',
    reason: 'AccountedFor',
    message: 'All is accounted for.',
    startedAt: '1970-01-01T00:00:01.000Z',
    endedAt: '1970-01-01T00:01:00.000Z',
    injectedAt: '1970-01-01T00:00:11.000Z',
    detectedAfter: 1.2,
    detectedBy: 'target',
    recoveredAfter: 7.2,
    instances: [
      { name: 'inventory-1', uid: 'a' },
      { name: 'inventory-1', uid: 'b' },
    ],
    probes: [{ name: 'products', samples: 9, failed: 2, unknown: 1, last: 'holds' }],
    invariants: { before: 'holds', after: { status: 'holds' } },
    timeline: [{ at: '1970-01-01T00:00:11.000Z', phase: 'Injecting', what: 'inventory-1 crashed.' }],
    previous: null,
  });
  const { orders, latency, pace } = drill.tallies!;
  expect(made).toMatchObject({ orders, latency, pace });
});

test('it is compared with the one before', () => {
  const before = report(over({ tallies: tallies({ refused: 3 }), recoveredAt: 20_000 }));
  expect(report(over(), before).previous).toEqual({
    id: before.id,
    verdict: 'Passed',
    endedAt: before.endedAt,
    recoveredAfter: 9,
    detectedAfter: 1.2,
    refused: 3,
    duringP95: 3_000,
  });
});

test('a drill that was refused has a report without orders, fault or recovery', () => {
  const ending = {
    verdict: 'Refused' as const,
    reason: 'KillSwitch',
    message: 'It is engaged.',
    decidedAt: 2_000,
  };
  const made = report(aDrill({ createdAt: 1_000, ending }));
  expect(drillReport.parse(made)).toEqual(made);
  expect(made).toMatchObject({
    verdict: 'Refused',
    startedAt: '1970-01-01T00:00:01.000Z',
    endedAt: '1970-01-01T00:00:02.000Z',
    injectedAt: null,
    recoveredAfter: null,
    orders: { asked: 0 },
    invariants: { after: null },
    pace: null,
  });
});

test('a drill that is not over has no report', () => {
  expect(() => report(aDrill())).toThrow('not over');
});
