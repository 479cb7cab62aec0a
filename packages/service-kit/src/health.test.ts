import { expect, test } from 'vitest';
import { createHealth } from './health.ts';

function healthAt(start = 0) {
  let now = start;
  const health = createHealth(() => now);
  return { health, pass: (ms: number) => (now += ms) };
}

test('a service is not ready until it says so, and not any more when it takes that back', () => {
  const { health } = healthAt();
  expect(health.isReady()).toBe(false);
  health.setReady(true);
  expect(health.isReady()).toBe(true);
  health.setReady(false);
  expect(health.isReady()).toBe(false);
});

test('a loop is stuck once it has been silent for longer than it may, and alive again with its next beat', () => {
  const { health, pass } = healthAt();
  const relay = health.watchLoop('relay', 1_000);
  health.watchLoop('consumer', 5_000);
  pass(1_000);
  expect(health.stuckLoops()).toEqual([]);
  pass(1);
  expect(health.stuckLoops()).toEqual(['relay']);
  relay.beat();
  expect(health.stuckLoops()).toEqual([]);
  pass(6_000);
  expect(health.stuckLoops()).toEqual(['relay', 'consumer']);
});

test('a loop that stopped on purpose is not missed', () => {
  const { health, pass } = healthAt();
  const loop = health.watchLoop('consumer', 1_000);
  loop.done();
  pass(10_000);
  expect(health.stuckLoops()).toEqual([]);
});
