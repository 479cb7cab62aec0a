import { describe, expect, test } from 'vitest';
import { answering, drillOf, lasting, phases, started, target, verdictOf } from '../test/engine-drills.ts';
import { drive, goodLook, goodOutcome, someTarget } from '../test/engine-world.ts';
import { type Outcome, recoveredAfter } from './drill-state.ts';
import { learn, resume, step } from './engine.ts';

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
