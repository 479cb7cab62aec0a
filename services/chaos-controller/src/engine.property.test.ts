import { type DrillSpec, drillSpec } from '@orderflow/contracts/drills';
import { newId } from '@orderflow/contracts/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCheck, aSpec } from '../test/drill-samples.ts';
import { drive, goodOutcome, someTallies, someTarget } from '../test/engine-world.ts';
import { type DrillState, type Effect, newDrill, type Outcome } from './drill-state.ts';
import { type Look, resume } from './engine.ts';

const faults = [
  { type: 'crash' },
  { type: 'delete', count: 2, times: 3 },
  { type: 'evict', times: 2 },
  { type: 'partition', forSeconds: 8 },
  { type: 'scale-to-zero', forSeconds: 8 },
  { type: 'bank', forSeconds: 8, bank: { errorRate: 1 } },
];

const specs = fc.record({
  fault: fc.constantFrom(...faults),
  steadySeconds: fc.integer({ min: 3, max: 6 }),
  observeSeconds: fc.integer({ min: 1, max: 5 }),
  recoverWithinSeconds: fc.integer({ min: 1, max: 10 }),
  settleWithinSeconds: fc.integer({ min: 5, max: 10 }),
});

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: 12 },
    { arbitrary: fc.constantFrom(usual, ...others), weight: 1 },
  );

/** What one look has that is not as it should be; seldom, or no drill would come far. */
const odds = fc.record({
  target: often<'good' | 'unknown' | 'empty' | 'one' | 'replaced'>(
    'good',
    'unknown',
    'empty',
    'one',
    'replaced',
  ),
  orders: often<'good' | 'stale' | 'open'>('good', 'stale', 'open'),
  invariants: often<Look['invariants']>('holds', 'broken', 'unknown', 'unreachable'),
  gateway: often(true, false),
  turn: often<Look['turn'] | undefined>(undefined, undefined, undefined, 'unknown', 'lost'),
  engaged: often(false, false, false, true),
  probe: often<'holds' | 'fails' | 'unknown'>('holds', 'fails', 'unknown'),
  known: often(true, false),
  removed: often<'removed' | 'gone' | 'refused'>('removed', 'gone', 'refused'),
  check: often<'holds' | 'broken' | 'none'>('holds', 'broken', 'none'),
  pauseMs: often(1_000, 0, 2_500, 9_999, 45_000),
  restarted: often(false, true),
});
type Odds = typeof odds extends fc.Arbitrary<infer T> ? T : never;

/** In looks of a second each; a controller that is away makes none. */
const boundOf = (spec: DrillSpec): number => {
  const { times, forSeconds = 0 } = spec.fault;
  const { steadySeconds, observeSeconds, recoverWithinSeconds, settleWithinSeconds } = spec;
  const fault = forSeconds + times * (31 + Math.max(observeSeconds, recoverWithinSeconds) + 2);
  // Pending and the turn, steady, the fault, three looks at what is well, the check and the counting, winding up.
  return 45 + 3 * steadySeconds + 30 + fault + recoverWithinSeconds + 10 + settleWithinSeconds + 180 + 65;
};

function lookWith(one: Odds): Partial<Look> {
  const { instances } = someTarget;
  return {
    ...(one.target === 'unknown' && { target: undefined }),
    ...(one.target === 'empty' && { target: { ...someTarget, instances: [] } }),
    ...(one.target === 'one' && { target: { ...someTarget, instances: instances.slice(1) } }),
    ...(one.target === 'replaced' && {
      target: { ...someTarget, instances: instances.map((each) => ({ ...each, uid: newId() })) },
    }),
    ...(one.orders !== 'good' && {
      orders: {
        asked: 9,
        accepted: 8,
        refused: 0,
        ended: 7,
        cancelled: 0,
        open: one.orders === 'open' ? 1 : 0,
        openSince: one.orders === 'open' ? 3 : null,
        lastEnd: { askedAt: 1, endedAt: 2 },
        lastEnds: [{ at: 2, cancelled: false, tookMs: 1 }],
        tries: { good: 5, bad: 4 },
      },
    }),
    ...(one.turn && { turn: one.turn }),
    invariants: one.invariants,
    gateway: one.gateway,
    killSwitch: { engaged: one.engaged, reason: 'Somebody pulled it.', by: 'rest' },
    probes: { checkout: one.probe },
  };
}

function outcomeWith(one: Odds, effect: Effect): Outcome | undefined {
  if (!one.known) return undefined;
  if (effect.do === 'check') {
    const view =
      one.check === 'none' ? undefined : aCheck('one-charge-per-order', one.check === 'holds' ? [] : ['x']);
    return { of: 'check', view };
  }
  if (effect.do === 'tally') return { of: 'tally', tallies: someTallies };
  if (effect.do !== 'remove') return goodOutcome(effect);
  const why = 'the budget allows none';
  const removed = one.removed === 'refused' ? { outcome: one.removed, why } : { outcome: one.removed };
  return { of: 'remove', uid: effect.instance.uid, removed };
}

const isLasting = (effect: Effect) => ['cut', 'scale-to-zero', 'bank'].includes(effect.do);

test('whatever is looked at and whatever fails, a drill ends in its time, strikes nothing twice and leaves nothing', () => {
  const verdicts = new Map<string, number>();
  fc.assert(
    fc.property(specs, fc.array(odds, { minLength: 40, maxLength: 400 }), (given, all) => {
      const probes = [{ name: 'checkout', http: { url: '/health' } }];
      const spec = drillSpec.parse({ ...aSpec(), dryRun: false, probes, ...given });
      let n = 0;
      let drill: DrillState = newDrill({
        id: newId(),
        name: 'any',
        spec,
        at: Date.parse('2026-03-04T12:00:00Z'),
      });
      const done: ReturnType<typeof drive>['done'] = [];
      let active = 0;
      // Time that counts: a look without any time passing, or after an absence, is none of the bound's.
      const bound = boundOf(spec) * 1_000;
      while (drill.endedAt === null && active <= bound) {
        const one = all[n % all.length]!;
        // The last of the odds repeat; so that time goes on, not with no pause for ever.
        const pauseMs = n >= all.length ? 1_000 : one.pauseMs;
        n += 1;
        if (one.restarted) drill = resume(drill, drill.lookedAt ?? drill.createdAt);
        const next = drive(drill, {
          maxLooks: 1,
          pause: () => pauseMs,
          look: () => lookWith(one),
          outcome: (effect) => outcomeWith(one, effect),
        });
        drill = next.drill;
        done.push(...next.done);
        if (pauseMs <= 10_000) active += pauseMs;
      }
      expect(drill.endedAt, `${drill.phase} after ${active / 1000} s of ${bound / 1000}`).not.toBeNull();
      verdicts.set(drill.phase, (verdicts.get(drill.phase) ?? 0) + 1);

      const removed = done.flatMap(({ effect, known }) =>
        effect.do === 'remove' && known ? [effect.instance.uid] : [],
      );
      expect(new Set(removed).size).toBe(removed.length);
      const asked = done.flatMap(({ effect }) => (effect.do === 'remove' ? [effect.instance.uid] : []));
      const chosen = drill.rounds.flatMap(({ instances }) => instances.map(({ uid }) => uid));
      expect(chosen).toEqual(expect.arrayContaining(asked));

      const lastFault = done.findLastIndex(({ effect }) => isLasting(effect));
      const lastUndo = done.findLastIndex(({ effect, known }) => effect.do === 'undo' && known);
      if (lastFault >= 0 && drill.undone) expect(lastUndo).toBeGreaterThan(lastFault);
      if (lastFault >= 0 && !drill.undone) {
        expect(done.slice(lastFault).filter(({ effect }) => effect.do === 'undo').length).toBeGreaterThan(1);
        expect(drill.message).toContain('could not be undone yet');
      }
      if (drill.phase === 'Passed') expect(drill.injectedAt).not.toBeNull();
    }),
    { numRuns: 400 },
  );
  // The odds are such that all of them are met.
  expect([...verdicts.keys()].sort()).toEqual(['Aborted', 'Failed', 'Inconclusive', 'Passed', 'Refused']);
});
