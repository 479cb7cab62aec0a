import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { startLoop } from './loop.ts';

const HOUR_MS = 3_600_000;

function loopOf(
  options: Partial<Parameters<typeof startLoop>[0]> & Pick<Parameters<typeof startLoop>[0], 'round'>,
) {
  const scope = testScope();
  const loop = startLoop({ name: 'chores', scope, everyMs: 5, failure: 'chores have to wait', ...options });
  onTestFinished(loop.stop);
  return { ...loop, scope };
}

test('a round that fails is told of, and the next one follows', async () => {
  let rounds = 0;
  const { scope } = loopOf({
    async round() {
      rounds += 1;
      if (rounds === 2) throw new Error('no database');
      return 5;
    },
  });
  await eventually(() => expect(rounds).toBeGreaterThan(3));
  expect(scope.lines).toMatchObject([{ msg: 'chores have to wait', error: 'no database' }]);
});

test('stopping ends the wait at once', async () => {
  let rounds = 0;
  const { stop } = loopOf({
    async round() {
      rounds += 1;
      return HOUR_MS;
    },
  });
  await eventually(() => expect(rounds).toBe(1));
  await stop();
  expect(rounds).toBe(1);
});

test('stopping lets the round in hand end, which hears of it, and whose failure is no news then', async () => {
  const ended: string[] = [];
  const { stop, scope } = loopOf({
    async round({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended.push('round');
      throw new Error('the service stops');
    },
  });
  await stop();
  expect(ended).toEqual(['round']);
  expect(scope.lines).toEqual([]);
});

test('a round that stands still makes the process look dead, unless it says that it lives; a loop that was stopped does not', async () => {
  let beatNow = () => {};
  let endRound = () => {};
  const { stop, scope } = loopOf({
    maxSilenceMs: 20,
    round: ({ beat }) =>
      new Promise((resolve) => {
        beatNow = beat;
        endRound = () => resolve(HOUR_MS);
      }),
  });
  await eventually(() => expect(scope.health.stuckLoops()).toEqual(['chores']));
  beatNow();
  expect(scope.health.stuckLoops()).toEqual([]);
  endRound();
  await stop();
  expect(scope.health.stuckLoops()).toEqual([]);
});
