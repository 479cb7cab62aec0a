import { describe, expect, test } from 'vitest';
import { aCheck } from '../../test/drill-samples.ts';
import { answering, drillOf, inPhase, target, verdictOf } from '../../test/engine-drills.ts';
import { drive, goodLook, someTallies, someTarget } from '../../test/engine-world.ts';

describe('the verdict', () => {
  const { orders } = goodLook(drillOf(), 0);
  const stale = { ...orders, lastEnd: { askedAt: 0, endedAt: 0 } };

  test('is Failed when it did not recover in time, and everything is counted all the same', () => {
    const { drill, effects } = drive(drillOf(), { look: inPhase('Recovering', () => ({ orders: stale })) });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Failed', reason: 'NotRecovered' });
    expect(drill.message).toContain('no order that was asked for since came to its end');
    expect(effects).toContain('tally');
    expect(drill.recoveredAt).toBeNull();
  });

  test('is Failed when the target was not ready for the next time', () => {
    const { drill } = drive(drillOf({ fault: { type: 'delete', times: 3 } }), {
      look: inPhase('Observing', () => target({ instances: someTarget.instances.slice(1) })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Failed', reason: 'NotRecovered' });
    expect(drill.message).toContain('the target is not ready');
    expect(drill.rounds).toHaveLength(1);
  });

  test('is Inconclusive when a guard is against the next time', () => {
    const { drill } = drive(drillOf({ fault: { type: 'evict', times: 2 } }), {
      look: inPhase('Observing', (one, at) => ({
        target: { ...goodLook(one, at).target!, disruptionsAllowed: 0 },
      })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Inconclusive', reason: 'DisruptionBudget' });
  });

  test('is Inconclusive when a probe was unknown from the fault on', () => {
    const probes = [{ name: 'checkout', http: { url: '/health', status: 200 }, mayFail: true }];
    const { drill } = drive(drillOf({ probes }), {
      look: inPhase('Recovering', () => ({ probes: { checkout: 'unknown' } })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Inconclusive', reason: 'RecoveryUnknown' });
  });

  test('is Failed by a probe that may never fail', () => {
    const probes = [{ name: 'checkout', http: { url: '/health', status: 200 }, mayFail: false }];
    const { drill } = drive(drillOf({ probes }), {
      look: inPhase('Observing', () => ({ probes: { checkout: 'fails' } })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Failed', reason: 'ProbeFailed' });
    expect(drill.detected?.by).toBe('probe checkout');
    expect(drill.probes.checkout).toMatchObject({ failed: 4, last: 'holds' });
  });

  test('is not Failed by a single look at which such a probe failed', () => {
    const probes = [{ name: 'checkout', http: { url: '/health', status: 200 }, mayFail: false }];
    let looks = 0;
    const { drill } = drive(drillOf({ probes }), {
      look: inPhase('Observing', () => ({ probes: { checkout: looks++ % 2 === 0 ? 'fails' : 'holds' } })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Passed' });
    expect(drill.probes.checkout!.failed).toBeGreaterThan(1);
  });

  test.each([
    ['OrdersLost', { lost: 1, lostIds: ['order-7'] }, 'Lost, of 30 accepted orders: 1 (order-7).'],
    ['OrdersDoubled', { doubled: 1, doubledIds: ['order-8'] }, 'Done twice: 1 (order-8).'],
  ])('is Failed by %s, and names the order', (reason, changes, message) => {
    const tallies = { ...someTallies, orders: { ...someTallies.orders, ...changes } };
    const { drill } = drive(drillOf(), { outcome: answering('tally', () => ({ of: 'tally', tallies })) });
    expect(verdictOf(drill)).toEqual({ phase: 'Failed', reason, message });
  });

  test('is Failed by an invariant that is still broken when things must have settled', () => {
    const { drill } = drive(drillOf({ settleWithinSeconds: 10 }), {
      outcome: answering('check', () => ({ of: 'check', view: aCheck('one-charge-per-order', ['order-9']) })),
    });
    expect(verdictOf(drill)).toEqual({
      phase: 'Failed',
      reason: 'InvariantBroken',
      message: 'The invariant one-charge-per-order is broken 1 times: order-9.',
    });
  });

  test('is Passed when an invariant comes to hold in time', () => {
    let checks = 0;
    const { drill } = drive(drillOf(), {
      outcome: answering('check', () => {
        checks += 1;
        return { of: 'check', view: aCheck('one-charge-per-order', checks < 3 ? ['order-9'] : []) };
      }),
    });
    expect(drill.phase).toBe('Passed');
    expect(checks).toBe(3);
  });

  test.each([
    [
      'the auditor gave no answer',
      answering('check', () => ({ of: 'check', view: undefined })),
      'InvariantsUnknown',
    ],
    [
      'a ledger could not be read',
      answering('check', () => ({
        of: 'check',
        view: { ...aCheck('one-charge-per-order', []), status: 'unknown' },
      })),
      'InvariantsUnknown',
    ],
    [
      'the orders could not be listed',
      answering('tally', () => ({ of: 'tally', tallies: { ...someTallies, listed: false } })),
      'OrdersUnlisted',
    ],
    ['the orders could not be counted', answering('tally', () => undefined), 'OrdersUnknown'],
  ])('is Inconclusive when %s', (_why, outcome, reason) => {
    const { drill } = drive(drillOf(), { outcome });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Inconclusive', reason });
  });

  test('waits for every order to be at its end, and asks for what must have come to rest by then', () => {
    const { drill, done } = drive(drillOf(), {
      look: inPhase('Verifying', (one, at) => ({
        orders: { ...orders, open: at - one.phaseSince < 9_000 ? 2 : 0 },
      })),
    });
    const verifyingAt = drill.timeline.find(({ phase }) => phase === 'Verifying')!.at;
    expect(done.flatMap(({ effect }) => (effect.do === 'check' ? [effect] : []))).toEqual([
      { do: 'check', since: drill.startedAt, settledBy: verifyingAt + 9_000 },
    ]);
    expect(drill.phase).toBe('Passed');
  });
});
