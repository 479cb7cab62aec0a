import { describe, expect, test } from 'vitest';
import {
  answering,
  drillOf,
  inPhase,
  instance,
  killSwitch,
  rules,
  type SpecInput,
  started,
  target,
  verdictOf,
} from '../../test/engine-drills.ts';
import { drive, goodLook, someRules, someTarget } from '../../test/engine-world.ts';
import type { Look } from '../engine.ts';

const asking = (url: string) => ({ name: 'web', http: { url, status: 200 }, mayFail: true });

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
    ['ProbeNotAllowed', {}, { probes: [asking('http://169.254.169.254/latest/meta-data/')] }],
    [
      'ProbeNotAllowed',
      {},
      { probes: [asking('/api/products'), asking('http://auditor:8080.evil.example/')] },
    ],
    ['TargetUnknown', { target: undefined }, {}],
  ])('%s refuses the drill, and nothing is done', (reason, look, spec) => {
    const { drill, effects } = drive(drillOf(spec), { look: () => look });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Refused', reason });
    expect(effects.filter((effect) => effect !== 'tell' && effect !== 'end-turn')).toEqual([]);
  });

  test('a drill that ended an hour from now, by a clock that was ahead, keeps none from running', () => {
    const last = { name: 'redis-crash', endedAt: started + 3_600_000 };
    const { effects } = drive(drillOf(), { look: () => rules({ last }) });
    expect(effects).toContain('start-orders');
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

  test('probes of the gateway and of addresses that are listed are let through', () => {
    const probes = ['/api/products', 'http://gateway:8080/health', 'http://auditor:8080/livez'].map(asking);
    const { effects } = drive(drillOf({ probes }));
    expect(effects).toContain('start-orders');
  });

  test('a dry run says that a probe may not ask its address, what may be asked and where that is set', () => {
    const { drill } = drive(drillOf({ dryRun: true, probes: [asking('http://10.0.0.1/')] }));
    expect(drill.message).toMatch(
      /It would be refused: Probes may ask the gateway.*http:\/\/gateway:8080, http:\/\/auditor:8080; change web, .*DRILL_PROBE_ORIGINS/,
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
