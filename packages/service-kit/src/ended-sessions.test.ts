import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { createEndedSessions } from './ended-sessions.ts';

const session = newId();

test('the list is read once for many questions, and before the first answer', async () => {
  let reads = 0;
  const isEnded = createEndedSessions(async () => {
    reads += 1;
    return [session];
  });
  const answers = await Promise.all([isEnded(session), isEnded(newId()), isEnded(session)]);
  expect(answers).toEqual([true, false, true]);
  expect(reads).toBe(1);
});

test('a stale list is used while it is read again', async () => {
  let list: string[] = [];
  const isEnded = createEndedSessions(async () => list, { staleMs: -1 });
  expect(await isEnded(session)).toBe(false);
  list = [session];
  await eventually(async () => expect(await isEnded(session)).toBe(true));
});

test('an old list is waited for, and the last one counts while there is no new one', async () => {
  let load = async () => [session];
  const isEnded = createEndedSessions(() => load(), { staleMs: -1, oldMs: -1 });
  expect(await isEnded(session)).toBe(true);
  load = () => Promise.reject(new Error('away'));
  expect(await isEnded(session)).toBe(true);
  load = async () => [];
  expect(await isEnded(session)).toBe(false);
});
