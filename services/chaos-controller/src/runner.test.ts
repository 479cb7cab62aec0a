import { drillReport } from '@orderflow/contracts/drills';
import { eventually } from '@orderflow/testing/eventually';
import { describe, expect, test } from 'vitest';
import { drillController } from '../test/controller.ts';
import { type FakeWorld, fakeWorld } from '../test/fake-world.ts';
import { abortDrill } from './operations/abort-drill.ts';

const partition = { fault: { type: 'partition', forSeconds: 2 } };
const bank = { fault: { type: 'bank', forSeconds: 2, bank: { errorRate: 0.5 } } };

/** Whatever happened: nothing of the fault is left, and the turn is free. */
function expectNothingLeft(world: FakeWorld) {
  expect([...world.left]).toEqual([]);
  expect(world.bankFault()).toEqual({});
  expect(world.turn()).toBeNull();
}

describe('a drill that is written down', () => {
  test.each([
    ['crash', { fault: { type: 'crash' } }, 'remove'],
    ['partition', partition, 'cut'],
    ['scale-to-zero', { fault: { type: 'scale-to-zero', forSeconds: 2 } }, 'scaleToZero'],
    ['bank', bank, 'bank.set'],
  ])('is run to its verdict, with a report, metrics and log lines: %s', async (_name, spec, call) => {
    const world = fakeWorld();
    const { run, start, over } = await drillController(world);
    const { scope } = run();
    const id = await start(spec);
    const { state, report } = await over(id);
    expect(state).toMatchObject({ phase: 'Passed', reason: 'AccountedFor' });
    expect(world.effects().filter((one) => one === call)).toHaveLength(1);
    await eventually(() => expectNothingLeft(world));
    expect(drillReport.parse(report)).toMatchObject({
      id,
      verdict: 'Passed',
      driver: 'local',
      previous: null,
    });
    await eventually(async () => {
      const text = await scope.metrics.registry.metrics();
      expect(text).toMatch(/orderflow_drill_verdicts_total\{drill="inventory-crash",verdict="Passed".*\} 1/);
      expect(text).toMatch(/orderflow_drill_active\{drill="inventory-crash".*\} 0/);
      expect(text).toMatch(/orderflow_drill_time_to_recover_seconds_count\{.*drill="inventory-crash".*\} 1/);
      expect(text).toMatch(/orderflow_drill_kill_switch\{.*\} 0/);
    });
    expect(scope.lines).toContainEqual(
      expect.objectContaining({ drill: id, verdict: 'Passed', msg: 'a drill is over' }),
    );
  });

  test('whose fault cannot be done here is refused in the words of who knows, and leaves nothing', async () => {
    const world = fakeWorld();
    world.fate = (call) => (call === 'cut' ? 'refused' : 'done');
    const { run, start, over } = await drillController(world);
    run();
    const { state } = await over(await start(partition));
    expect(state).toMatchObject({ phase: 'Refused', reason: 'FaultRefused', message: 'cut cannot be' });
    await eventually(() => expectNothingLeft(world));
  });

  test('is compared with the one before it', async () => {
    const { run, start, over } = await drillController(fakeWorld());
    run();
    const first = await start();
    await over(first);
    const { report } = await over(await start());
    expect(report?.previous).toMatchObject({ id: first, verdict: 'Passed' });
  });

  test('is refused while another one is under way, and that one goes on', async () => {
    const world = fakeWorld();
    const { run, start, over, reaches } = await drillController(world);
    run();
    const first = await start(partition);
    await reaches(first, 'SteadyState');
    const second = await over(await start({}, 'second'));
    expect(second.state).toMatchObject({ phase: 'Refused', reason: 'AnotherDrillRuns' });
    expect(second.report?.verdict).toBe('Refused');
    expect((await over(first)).state.phase).toBe('Passed');
  });

  test('is aborted when somebody asks for it, and its fault is undone', async () => {
    const world = fakeWorld();
    const { db, run, start, over, reaches } = await drillController(world);
    run();
    const id = await start({ fault: { type: 'partition', forSeconds: 60 } });
    await reaches(id, 'Observing');
    expect(world.left.has(id)).toBe(true);
    await abortDrill(db, id, 'Ended by a test: enough');
    const { state } = await over(id);
    expect(state).toMatchObject({ phase: 'Aborted', message: 'Ended by a test: enough' });
    expectNothingLeft(world);
  });

  test('touches nothing in a dry run', async () => {
    const world = fakeWorld();
    const { run, start, over } = await drillController(world);
    run();
    const { state } = await over(await start({ dryRun: true }));
    expect(state).toMatchObject({ phase: 'Inconclusive', reason: 'DryRun' });
    expect(world.effects().filter((one) => one !== 'tell')).toEqual([]);
  });
});

describe('a controller that dies', () => {
  const phases = ['SteadyState', 'Injecting', 'Observing', 'Recovering', 'Verifying'] as const;
  const faults = [
    ['crash', { fault: { type: 'crash' }, observeSeconds: 2 }],
    ['partition', partition],
    ['bank', bank],
  ] as const;

  test.each(phases.flatMap((phase) => faults.map(([name, spec]) => [phase, name, spec] as const)))(
    'in %s of a drill by %s is followed by one that goes on with it',
    async (phase, name, spec) => {
      const world = fakeWorld();
      const { run, start, over, reaches, read } = await drillController(world);
      const first = run();
      // What is done in this phase is done, but its answer does not come, so that the phase lasts.
      const held = { Injecting: ['remove', 'cut', 'bank.set'], Verifying: ['check'] }[phase as string] ?? [];
      world.fate = (call) => (held.includes(call) ? 'unanswered' : 'done');
      world.look = (drill) =>
        phase === 'Recovering' && drill.phase === 'Recovering' ? { probes: {}, target: undefined } : {};
      const id = await start(spec);
      await reaches(id, phase);
      const isHeld = (call: string) => held.includes(call);
      if (held.length > 0) await eventually(() => expect(world.effects().some(isHeld)).toBe(true));
      first.drop();
      const chosen = (await read(id)).state.rounds;
      world.stillIn = undefined;
      world.fate = () => 'done';
      world.look = () => ({});

      run();
      const { state } = await over(id);
      expect(state.phase).toBe('Passed');
      expect(state.timeline.map(({ what }) => what)).toContain(
        'The controller was restarted and goes on with this drill.',
      );
      expectNothingLeft(world);
      expect(world.removed).toHaveLength(name === 'crash' ? 1 : 0);
      if (phase !== 'SteadyState')
        expect(state.rounds.map(({ chosenAt }) => chosenAt)).toEqual(chosen.map(({ chosenAt }) => chosenAt));
    },
    40_000,
  );

  test('before a drill began is followed by one that begins it', async () => {
    const world = fakeWorld();
    const { run, start, over, read } = await drillController(world);
    world.fate = (call) => (call === 'takeTurn' ? 'unanswered' : 'done');
    const first = run();
    const id = await start();
    await eventually(() => expect(world.effects()).toContain('takeTurn'));
    first.drop();
    expect((await read(id)).state.phase).toBe('Pending');
    world.fate = () => 'done';
    run();
    expect((await over(id)).state.phase).toBe('Passed');
  });

  test('between the verdict and the end of winding up leaves nothing', async () => {
    const world = fakeWorld();
    const { db, run, start, over, reaches } = await drillController(world);
    const first = run();
    const id = await start({ fault: { type: 'bank', forSeconds: 60, bank: { errorRate: 1 } } });
    await reaches(id, 'Observing');
    world.fate = (call) => (call === 'undo' ? 'lost' : 'done');
    await abortDrill(db, id, 'enough');
    await eventually(() => expect(world.effects()).toContain('undo'));
    first.drop();
    expect(world.bankFault()).toEqual({ errorRate: 1 });
    world.fate = () => 'done';
    run();
    expect((await over(id)).state.phase).toBe('Aborted');
    expectNothingLeft(world);
  });

  test('for longer than the fault was to last: the fault is undone first', async () => {
    const world = fakeWorld();
    const { run, start, over, reaches, read } = await drillController(world);
    const first = run();
    const id = await start({ fault: { type: 'partition', forSeconds: 1 } });
    await reaches(id, 'Observing');
    first.drop();
    const { faultUntil } = (await read(id)).state;
    world.pass(faultUntil! + 1_000 - world.now());
    const before = world.calls.length;
    run();
    await over(id);
    const after = world.calls.slice(before).map(({ call }) => call);
    expect(after.indexOf('undo')).toBeLessThan(after.indexOf('stopOrders'));
    expectNothingLeft(world);
  });
});

describe('two controllers at once', () => {
  test('take no more than one would: the later one has the drill, the other leaves it', async () => {
    const world = fakeWorld();
    const { run, start, over, reaches } = await drillController(world);
    const first = run();
    const id = await start({ fault: { type: 'crash', times: 3 } });
    await reaches(id, 'SteadyState');
    run();
    await eventually(() => expect(world.effects()).toContain('leave'), { timeoutMs: 10_000 });
    expect(await first.scope.metrics.registry.metrics()).toMatch(/orderflow_drill_active\{.*\} 0/);
    const { state } = await over(id);
    expect(state.phase).toBe('Passed');
    expect(world.removed).toHaveLength(3);
    expect(world.effects().filter((one) => one === 'leave')).toHaveLength(1);
    expectNothingLeft(world);
  }, 40_000);

  test('and when the later one dies, the other goes on after a while', async () => {
    const world = fakeWorld();
    const { run, start, over, reaches } = await drillController(world);
    run();
    const id = await start(partition);
    await reaches(id, 'SteadyState');
    const second = run();
    await eventually(() => expect(world.effects()).toContain('leave'), { timeoutMs: 10_000 });
    second.drop();
    await eventually(
      () => {
        world.pass(1_000);
        expect(world.effects().filter((one) => one === 'takeTurn')).toHaveLength(3);
      },
      { timeoutMs: 10_000, everyMs: 20 },
    );
    const { state } = await over(id);
    expect(state.phase).toBe('Passed');
    expectNothingLeft(world);
  }, 40_000);
});

describe('what nobody answers', () => {
  test('is done again with the same arguments, and strikes once', async () => {
    const world = fakeWorld();
    const { run, start, over } = await drillController(world);
    let tries = 0;
    world.fate = (call) => {
      if (call !== 'remove') return 'done';
      tries += 1;
      return tries < 3 ? 'unanswered' : 'done';
    };
    run();
    const { state } = await over(await start());
    expect(state.phase).toBe('Passed');
    expect(world.calls.filter(({ call }) => call === 'remove').map(({ about }) => about)).toEqual([
      'uid-1',
      'uid-1',
      'uid-1',
    ]);
    expect(world.removed).toEqual(['uid-1']);
  });

  test('holds up neither the looks nor the turn', async () => {
    const world = fakeWorld();
    const { run, start, reaches, over } = await drillController(world);
    let answer = () => {};
    const answered = new Promise<'done'>((resolve) => {
      answer = () => resolve('done');
    });
    world.fate = (call) => (call === 'check' ? answered : 'done');
    run();
    const id = await start();
    await reaches(id, 'Verifying');
    let looks = 0;
    world.look = () => {
      looks += 1;
      return {};
    };
    await eventually(() => expect(looks).toBeGreaterThan(5));
    answer();
    expect((await over(id)).state.phase).toBe('Passed');
    expect(world.effects().filter((call) => call === 'check')).toHaveLength(1);
  });
});

describe('leftovers', () => {
  test('of drills that are over or unknown are undone, those of the running one are not', async () => {
    const world = fakeWorld();
    const { db, run, start, over, reaches } = await drillController(world);
    world.left.add('0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a99');
    const controller = run();
    await eventually(() => expect(world.left.size).toBe(0));
    const id = await start(partition);
    await reaches(id, 'Observing');
    await eventually(() => expect(controller.scope.lines.length).toBeGreaterThan(3));
    expect(world.left.has(id)).toBe(true);
    await over(id);
    await controller.stop();

    await db.query(`UPDATE drills SET undone = false WHERE id = $1`, [id]);
    world.left.add(id);
    run();
    await eventually(async () => {
      expect(await db.query('SELECT undone FROM drills WHERE id = $1', [id])).toEqual([{ undone: true }]);
    });
    expectNothingLeft(world);
  });
});
