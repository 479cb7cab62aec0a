import { type DrillSpec, drillSpec } from '@orderflow/contracts/drills';
import { newId } from '@orderflow/contracts/ids';
import { describe, expect, test } from 'vitest';
import { aCheck, aSpec } from '../test/drill-samples.ts';
import { drive, goodLook, goodOutcome, someRules, someTallies, someTarget } from '../test/engine-world.ts';
import { type DrillState, type Effect, newDrill, type Outcome, recoveredAfter } from './drill-state.ts';
import { type Look, learn, resume, step } from './engine.ts';
import type { Rules } from './guards.ts';

const started = Date.parse('2026-03-04T12:00:00Z');
type SpecInput = Omit<Partial<DrillSpec>, 'fault'> & { fault?: object };

const drillOf = ({ fault, ...spec }: SpecInput = {}): DrillState => {
  const given = drillSpec.parse({ ...aSpec(), dryRun: false, ...spec, fault: fault ?? { type: 'crash' } });
  return newDrill({ id: newId(), name: 'inventory-crash', spec: given, at: started });
};

const lasting = { fault: { type: 'partition', forSeconds: 20 } };
const verdictOf = ({ phase, reason, message }: DrillState) => ({ phase, reason, message });
const phases = ({ timeline }: DrillState) => [...new Set(timeline.map(({ phase }) => phase))];
const target = (changes: Partial<typeof someTarget>) => ({ target: { ...someTarget, ...changes } });
const instance = (changes: object) => target({ instances: [{ ...someTarget.instances[0]!, ...changes }] });
const rules = (changes: Partial<Rules>) => ({ rules: { ...someRules, ...changes } });
const killSwitch = { engaged: true, reason: 'A sale is on.', by: 'rest' };
const inPhase =
  (phase: DrillState['phase'], changes: (drill: DrillState, at: number) => Partial<Look>) =>
  (drill: DrillState, at: number) =>
    drill.phase === phase ? changes(drill, at) : {};
const answering =
  (kind: Effect['do'], answer: (effect: Effect, drill: DrillState) => Outcome | undefined) =>
  (effect: Effect, drill: DrillState) =>
    effect.do === kind ? answer(effect, drill) : goodOutcome(effect);

describe('a drill in a world where all goes well', () => {
  test('passes through all phases to Passed', () => {
    const { drill, effects } = drive(drillOf());
    expect(verdictOf(drill)).toMatchObject({ phase: 'Passed', reason: 'AccountedFor' });
    expect(phases(drill)).toEqual([
      'Pending',
      'SteadyState',
      'Injecting',
      'Observing',
      'Recovering',
      'Verifying',
      'Passed',
    ]);
    expect(effects.filter((effect) => effect !== 'tell')).toEqual([
      'take-turn',
      'start-orders',
      'remove',
      'stop-orders',
      'undo',
      'check',
      'tally',
      'end-turn',
    ]);
    expect(drill.recoveredAt).toBeGreaterThan(drill.injectedAt!);
  });

  test('has recovered so many seconds after the first strike of several, as its time line says', () => {
    const { drill } = drive(drillOf({ fault: { type: 'delete', times: 3 } }));
    expect(drill.lastInjectedAt).toBeGreaterThan(drill.injectedAt!);
    const seconds = (drill.recoveredAt! - drill.injectedAt!) / 1000;
    expect(recoveredAfter(drill)).toBe(seconds);
    expect(drill.timeline.map(({ what }) => what)).toContain(
      `All was well again ${seconds.toFixed(1)} s after the fault first struck.`,
    );
  });

  test.each([
    ['partition', { type: 'partition', forSeconds: 20 }, 'cut'],
    ['scale-to-zero', { type: 'scale-to-zero', forSeconds: 20 }, 'scale-to-zero'],
    ['bank', { type: 'bank', forSeconds: 20, bank: { errorRate: 0.5 } }, 'bank'],
  ])('undoes a %s after as long as it was planned to last', (_name, fault, effect) => {
    let undoneAt = 0;
    const { drill, effects } = drive(drillOf({ fault }), {
      outcome: (one, _drill, at) => {
        if (one.do === 'undo' && undoneAt === 0) undoneAt = at;
        return goodOutcome(one);
      },
    });
    expect(drill.phase).toBe('Passed');
    expect(effects).toContain(effect);
    expect(undoneAt - drill.injectedAt!).toBe(20_000);
  });

  test('takes another instance each time, and only when the target is ready again', () => {
    const { drill } = drive(drillOf({ fault: { type: 'delete', times: 3 } }), {
      // For four seconds after each removal one is missing.
      look: (one, at) =>
        one.phase === 'Observing' && at - one.lastInjectedAt! < 4_000
          ? target({ instances: someTarget.instances.slice(1) })
          : {},
    });
    expect(drill.phase).toBe('Passed');
    const uids = drill.rounds.flatMap(({ instances }) => instances.map(({ uid }) => uid));
    expect(uids).toHaveLength(3);
    expect(new Set(uids).size).toBe(3);
    const gaps = drill.rounds.slice(1).map(({ chosenAt }, i) => chosenAt - drill.rounds[i]!.chosenAt);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(4_000);
    expect(drill.detected).toEqual({ after: 2, by: 'target' });
  });

  test('writes the choice down before anything is removed, and keeps to it', () => {
    const { drill: chosen } = drive(drillOf(), {
      outcome: answering('remove', () => undefined),
      until: ({ phase }) => phase === 'Injecting',
    });
    expect(chosen.rounds).toHaveLength(1);
    expect(chosen.todo).toContainEqual({
      do: 'remove',
      how: 'crash',
      instance: { name: 'inventory-a', uid: 'uid-a' },
    });
    // Somebody else replaced it meanwhile: that is done, and the one in its place lives.
    const effect = chosen.todo.find((one) => one.do === 'remove')!;
    const gone: Outcome = { of: 'remove', uid: 'uid-a', removed: { outcome: 'gone' } };
    const after = drive(learn(chosen, effect, gone, chosen.lookedAt!));
    expect(after.drill.phase).toBe('Passed');
    expect(after.effects).not.toContain('remove');
  });
});

describe('guards', () => {
  test.each<[string, Partial<Look>, SpecInput]>([
    ['KillSwitch', { killSwitch }, {}],
    ['KillSwitch', { killSwitch: { engaged: true, reason: 'No answer.', by: 'unreadable' } }, {}],
    ['AnotherDrillRuns', rules({ running: 'redis-crash' }), {}],
    ['CoolDown', rules({ last: { name: 'redis-crash', endedAt: started - 10_000 } }), {}],
    [
      'QuietHours',
      rules({ quietHours: [{ days: ['wed'], from: '11:00', to: '13:00', timeZone: 'UTC' }] }),
      {},
    ],
    ['NamespaceNotAllowed', target({ namespace: 'kube-system' }), {}],
    ['EmptyTarget', target({ instances: [] }), {}],
    ['WatcherNotAllowed', instance({ name: 'shop-chaos-controller-7d' }), {}],
    ['NotOptedIn', instance({ optedIn: false }), {}],
    ['TooFewReplicas', instance({ ready: false }), {}],
    ['TooFewReplicas', rules({ minReplicas: { ...someRules.minReplicas, service: 3 } }), {}],
    ['TooFewReplicas', {}, { fault: { type: 'delete', count: 3 } }],
    ['DisruptionBudget', target({ disruptionsAllowed: 0 }), { fault: { type: 'evict' } }],
    ['NoBank', rules({ hasBank: false }), { fault: { type: 'bank', forSeconds: 5, bank: {} } }],
    ['TargetUnknown', { target: undefined }, {}],
  ])('%s refuses the drill, and nothing is done', (reason, look, spec) => {
    const { drill, effects } = drive(drillOf(spec), { look: () => look });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Refused', reason });
    expect(effects.filter((effect) => effect !== 'tell' && effect !== 'end-turn')).toEqual([]);
  });

  test('all that stands against a drill is said at once, with the figures', () => {
    const { drill } = drive(drillOf(), {
      look: () => ({
        killSwitch,
        ...instance({ ready: false, optedIn: false }),
        ...rules({ last: { name: 'redis-crash', endedAt: started - 10_000 }, namespaces: ['local'] }),
      }),
    });
    expect(drill.message).toContain('The kill switch is engaged (rest): A sale is on.');
    expect(drill.message).toContain('The drill redis-crash ended less than 30 s ago; try again in 19 s.');
    expect(drill.message).toContain('The namespace shop is not among those that drills may touch: local.');
    expect(drill.message).toContain('inventory-a has no label');
    expect(drill.message).toContain(
      'Of 1 instances of the service inventory 0 are ready; at least 1 must be.',
    );
  });

  test('another one that has the turn refuses the drill', () => {
    const { drill, effects } = drive(drillOf(), {
      outcome: answering('take-turn', () => ({ of: 'take-turn', taken: false })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Refused', reason: 'AnotherDrillRuns' });
    expect(effects).not.toContain('start-orders');
  });

  test('a turn that nobody answers for refuses the drill', () => {
    const { drill } = drive(drillOf(), { outcome: answering('take-turn', () => undefined) });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Refused', reason: 'TurnUnknown' });
  });

  test('a budget that is used up by the time of the fault refuses it', () => {
    const { drill, effects } = drive(drillOf({ fault: { type: 'evict' } }), {
      look: inPhase('SteadyState', () => target({ disruptionsAllowed: 0 })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Refused', reason: 'DisruptionBudget' });
    expect(effects).not.toContain('remove');
  });

  test('a refused eviction refuses the drill', () => {
    const { drill } = drive(drillOf({ fault: { type: 'evict' } }), {
      outcome: answering('remove', () => ({
        of: 'remove',
        uid: 'uid-a',
        removed: { outcome: 'refused', why: 'the budget allows none' },
      })),
    });
    expect(verdictOf(drill)).toEqual({
      phase: 'Refused',
      reason: 'RemovalRefused',
      message: 'inventory-a could not be taken: the budget allows none',
    });
    expect(drill.injectedAt).toBeNull();
  });

  test('a dry run does nothing, and says what it would do and what stands against it', () => {
    const dry = drive(drillOf({ dryRun: true, fault: { type: 'delete' } }));
    expect(verdictOf(dry.drill)).toMatchObject({ phase: 'Inconclusive', reason: 'DryRun' });
    expect(dry.drill.message).toContain('would strike inventory-a (uid-a). No guard is against it.');
    expect(dry.effects).toEqual(['tell']);
    const refused = drive(drillOf({ dryRun: true }), { look: () => ({ killSwitch }) });
    expect(refused.drill.message).toContain('It would be refused: The kill switch is engaged');
    expect(refused.drill.phase).toBe('Inconclusive');
  });
});

describe('before the fault', () => {
  test.each<[string, Partial<Look>]>([
    ['the target is not ready', target({ instances: someTarget.instances.slice(1) })],
    ['the gateway does not answer', { gateway: false }],
    ['the invariants are broken', { invariants: 'broken' }],
    ['the invariants are unknown', { invariants: 'unknown' }],
    ['the invariants are unreachable', { invariants: 'unreachable' }],
    ['the probe checkout fails', { probes: { checkout: 'fails' } }],
    ['the probe checkout is unknown', { probes: { checkout: 'unknown' } }],
    ['no order was accepted', { orders: { ...goodLook(drillOf(), 0).orders, accepted: 0 } }],
    ['no order came to its end', { orders: { ...goodLook(drillOf(), 0).orders, lastEnd: null } }],
  ])('%s: nothing is done, and it is Inconclusive', (problem, look) => {
    const spec = { probes: [{ name: 'checkout', http: { url: '/health', status: 200 }, mayFail: true }] };
    const { drill, effects } = drive(drillOf(spec), { look: inPhase('SteadyState', () => look) });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Inconclusive', reason: 'NotSteady' });
    expect(drill.message).toContain(problem);
    expect(effects).not.toContain('remove');
  });

  test('a break of one look begins the wait anew', () => {
    let broken = false;
    const { drill } = drive(drillOf({ steadySeconds: 10 }), {
      look: inPhase('SteadyState', (one, at) => {
        if (broken || at - one.phaseSince < 8_000) return {};
        broken = true;
        return { gateway: false };
      }),
      until: ({ phase }) => phase === 'Injecting',
    });
    const steadyAt = drill.timeline.find(({ phase }) => phase === 'SteadyState')!.at;
    expect(drill.rounds[0]!.chosenAt - steadyAt).toBe(19_000);
  });
});

describe('a running drill is aborted and its fault undone', () => {
  const bad = { good: 5, bad: 5 };
  test.each<[string, Partial<Look>, SpecInput]>([
    ['KillSwitch', { killSwitch }, {}],
    ['AbortAsked', { abortAsked: 'Ended by admin:1: enough' }, {}],
    ['TurnLost', { turn: 'lost' }, {}],
    ['TurnLost', { turn: 'unknown' }, {}],
    [
      'Blind',
      { gateway: false, invariants: 'unreachable' },
      { abortWhen: { objective: 0.99, windowSeconds: 60, blindSeconds: 5 } },
    ],
    [
      'BurnRate',
      { orders: { ...goodLook(drillOf(), 0).orders, tries: bad } },
      { abortWhen: { burnRate: 14.4, objective: 0.99, windowSeconds: 60, blindSeconds: 60 } },
    ],
  ])('by %s', (reason, look, spec) => {
    const { drill, done } = drive(drillOf({ ...lasting, ...spec }), {
      look: inPhase('Observing', () => look),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Aborted', reason });
    expect(done.map(({ effect }) => effect.do)).toContain('cut');
    expect(done.filter(({ phase }) => phase === 'Observing').map(({ effect }) => effect.do)).toEqual([
      'undo',
      'stop-orders',
      'tally',
      'end-turn',
    ]);
    expect(drill.undone).toBe(true);
  });

  const some = goodLook(drillOf(), 0).orders;
  const asked = (at: number) => ({ abortAsked: at > 0 ? 'enough' : null });

  test('and its orders have a while to come to their end before they are counted', () => {
    let decidedAt = 0;
    let countedAt = 0;
    const { drill, effects } = drive(drillOf(lasting), {
      look: inPhase('Observing', ({ ending }, at) => {
        decidedAt = ending?.decidedAt ?? 0;
        return { ...asked(at), orders: { ...some, open: at - decidedAt < 12_000 ? 4 : 0 } };
      }),
      outcome: (effect, _drill, at) => {
        if (effect.do === 'tally') countedAt = at;
        return goodOutcome(effect);
      },
    });
    expect(verdictOf(drill)).toEqual({ phase: 'Aborted', reason: 'AbortAsked', message: 'enough' });
    expect(countedAt - decidedAt).toBe(12_000);
    expect(effects.slice(-4).filter((effect) => effect !== 'tell')).toEqual([
      'stop-orders',
      'tally',
      'end-turn',
    ]);
  });

  test.each([
    [120, 30],
    [10, 10],
  ])('and of %d s in which they are to settle orders get at most %d s', (settleWithinSeconds, seconds) => {
    const counted: number[] = [];
    const { drill } = drive(drillOf({ ...lasting, settleWithinSeconds }), {
      look: inPhase('Observing', (_drill, at) => ({ ...asked(at), orders: { ...some, open: 1 } })),
      outcome: (effect, { ending }, at) => {
        if (effect.do === 'tally') counted.push((at - ending!.decidedAt) / 1000);
        return goodOutcome(effect);
      },
    });
    expect(drill.phase).toBe('Aborted');
    expect(counted).toEqual([seconds]);
  });

  test('a burn rate below the limit, or of few tries, is none', () => {
    const abortWhen = { burnRate: 14.4, objective: 0.99, windowSeconds: 60, blindSeconds: 60 };
    const { orders } = goodLook(drillOf(), 0);
    for (const tries of [
      { good: 90, bad: 10 },
      { good: 0, bad: 4 },
    ]) {
      const { drill } = drive(drillOf({ ...lasting, abortWhen }), {
        look: inPhase('Observing', () => ({ orders: { ...orders, tries } })),
        until: ({ phase }) => phase === 'Recovering',
      });
      expect(drill.phase).toBe('Recovering');
    }
  });
});

describe('the first sign of a fault', () => {
  const bank = { fault: { type: 'bank', forSeconds: 30, bank: { hang: true } } };
  const { orders } = goodLook(drillOf(), 0);
  /** Orders that end so far apart before the fault, and as `during` says while it lasts. */
  const detectedIn = (
    gapMs: number,
    during: (lastAt: number, at: number) => Partial<Look['orders']>,
    before: Partial<Look['orders']> = {},
  ) =>
    drive(drillOf({ ...bank, steadySeconds: 30 }), {
      look: (drill, at) => {
        if (drill.phase === 'SteadyState') {
          const lastAt = at - (at % gapMs);
          const lastEnds = [lastAt - gapMs, lastAt].map((end) => ({
            at: end,
            cancelled: false,
            tookMs: 200,
          }));
          return {
            orders: { ...orders, lastEnds, lastEnd: { askedAt: lastAt, endedAt: lastAt }, ...before },
          };
        }
        if (!['Injecting', 'Observing'].includes(drill.phase) || drill.injectedAt === null) return {};
        return { orders: { ...orders, ...during(drill.injectedAt, at) } };
      },
    }).drill;
  const stopped = (lastAt: number) => ({
    lastEnds: [{ at: lastAt, cancelled: false, tookMs: 200 }],
    openSince: lastAt + 100,
  });

  test('is that no order comes to its end for longer than three seconds, where they came often', () => {
    const drill = detectedIn(500, stopped);
    expect(drill.detected).toEqual({ after: 4, by: 'orders stopped coming to their end' });
    expect(drill.timeline.map(({ what }) => what)).toContain(
      'The first sign of it: orders stopped coming to their end.',
    );
  });

  test('is that none comes for three times the longest gap before the fault, where they came seldom', () => {
    const { after } = detectedIn(4_000, stopped).detected!;
    expect(after).toBeGreaterThan(12);
    expect(after).toBeLessThanOrEqual(14);
  });

  test('is not that none comes while none was asked for, nor one that was asked for just now', () => {
    expect(detectedIn(500, (lastAt) => ({ ...stopped(lastAt), openSince: null })).detected).toBeNull();
    expect(
      detectedIn(500, (lastAt, at) => ({ ...stopped(lastAt), openSince: at - 900 })).detected,
    ).toBeNull();
  });

  const ends = (cancelled: number) => ({
    cancelled,
    lastEnds: Array.from({ length: 10 }, (_, i) => ({ at: i, cancelled: i < cancelled, tookMs: 200 })),
  });

  test('is that two of ten orders are cancelled, where none was', () => {
    expect(detectedIn(500, () => ends(2)).detected).toEqual({ after: 1, by: 'orders are being cancelled' });
    expect(detectedIn(500, () => ends(1)).detected).toBeNull();
    expect(detectedIn(500, () => ends(2), { cancelled: 1 }).detected).toBeNull();
  });

  const slow = (count: number, tookMs: number) => ({
    lastEnds: Array.from({ length: 10 }, (_, i) => ({
      at: i,
      cancelled: false,
      tookMs: i < count ? tookMs : 200,
    })),
  });

  test('is that three of ten orders take over a second, and three times as long as the slowest before', () => {
    const { detected } = detectedIn(500, () => slow(3, 1_100));
    expect(detected).toEqual({ after: 1, by: 'orders take longer to their end' });
    expect(detectedIn(500, () => slow(2, 1_100)).detected).toBeNull();
    expect(detectedIn(500, () => slow(3, 900)).detected).toBeNull();
    expect(detectedIn(500, () => slow(3, 1_100), slow(1, 400)).detected).toBeNull();
  });
});

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

describe('a controller that was away', () => {
  test('undoes a fault at once when its time is over, and does not blame the system for its absence', () => {
    const observing = drive(drillOf(lasting), { until: ({ phase }) => phase === 'Observing' }).drill;
    const back = resume(observing, observing.lookedAt! + 90_000);
    const { drill, effects } = drive(back, { pause: (n) => (n === 0 ? 90_000 : 1_000) });
    expect(effects.slice(0, 3)).toEqual(['take-turn', 'start-orders', 'undo']);
    expect(drill.phase).toBe('Passed');
    expect(drill.timeline.map(({ what }) => what)).toContain(
      'Nobody looked for 90 s: the controller was away.',
    );
  });

  test('never chooses again, and winds up a fault that it knows nothing of', () => {
    const injecting = drive(drillOf(), {
      outcome: answering('remove', () => undefined),
      until: ({ phase }) => phase === 'Injecting',
    }).drill;
    const { drill, done } = drive(resume(injecting, injecting.lookedAt! + 300_000), {
      pause: (n) => (n === 0 ? 300_000 : 1_000),
    });
    expect(done.filter(({ effect }) => effect.do === 'remove')).toEqual([]);
    expect(verdictOf(drill)).toMatchObject({ phase: 'Inconclusive', reason: 'FaultUnknown' });
    expect(drill.rounds).toHaveLength(1);
  });

  test('ends a drill whose turn another one took meanwhile', () => {
    const observing = drive(drillOf(lasting), { until: ({ phase }) => phase === 'Observing' }).drill;
    const { drill, effects } = drive(resume(observing, observing.lookedAt!), {
      outcome: answering('take-turn', () => ({ of: 'take-turn', taken: false })),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Aborted', reason: 'TurnLost' });
    expect(effects).toContain('undo');
  });

  test('a fault that cannot be undone does not keep the drill from ending, and stays marked', () => {
    const { drill } = drive(drillOf(lasting), { outcome: answering('undo', () => undefined) });
    expect(drill.endedAt).not.toBeNull();
    expect(drill.undone).toBe(false);
    expect(drill.message).toContain('could not be undone yet');
  });
});

test('a step changes neither the drill nor the look', () => {
  const drill = drillOf();
  const look = goodLook(drill, started + 1_000);
  const before = structuredClone({ drill, look });
  step(drill, look);
  expect({ drill, look }).toEqual(before);
});
