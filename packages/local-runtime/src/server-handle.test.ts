import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { keepHandle } from './server-handle.ts';
import type { Exit, ServerProcess } from './server-process.ts';

/** A server that runs until it is killed. */
function fakeServer(pid: number): ServerProcess {
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  const kill = () => resolve({ code: null, signal: 'SIGKILL' });
  return {
    pid,
    exited,
    kill,
    stop: async () => {
      kill();
      await exited;
    },
  };
}

test('a server that cannot start is tried again until it can; the terminal hears of that once', async () => {
  const notes: string[] = [];
  const outcomes = [fakeServer(1), 'no space at 10:00', 'no space at 10:01', fakeServer(2)];
  const launch = async () => {
    const outcome = outcomes.shift();
    if (typeof outcome === 'object') return outcome;
    throw new Error(outcome);
  };
  const handle = await keepHandle(launch, { keepUp: true, note: (message) => notes.push(message) });
  handle.kill();
  await eventually(() => expect(handle).toMatchObject({ pid: 2, running: true }));
  expect(notes).toEqual([
    'ended unasked (SIGKILL); it is started again',
    'did not come back, and is tried again until it does: no space at 10:00',
    'runs again',
  ]);
  await handle.stop();
});
