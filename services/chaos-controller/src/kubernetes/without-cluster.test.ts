import { ApiException } from '@kubernetes/client-node';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, test } from 'vitest';
import { type Api, inWords, onConflictAgain, wordsOf } from './api.ts';
import { startDrillResources, syncDrills } from './drill-resources.ts';

const refused = (code: number, message: string) =>
  new ApiException(code, 'Unknown', JSON.stringify({ message }), { 'audit-id': 'x' });
const without = (code: number) =>
  ({
    namespace: 'shop',
    custom: { listNamespacedCustomObject: async () => Promise.reject(refused(code, 'the words')) },
  }) as unknown as Api;

function depsFor(api: Api) {
  const { log, lines } = testScope();
  let beats = 0;
  const beat = () => {
    beats += 1;
  };
  const health = { watchLoop: () => ({ beat, done() {} }) };
  const deps = { api, release: 'of', driver: { undo: async () => {} }, scope: { log, health } };
  return { deps: deps as never, lines, beats: () => beats };
}

test('without the definition of drills there is nothing to do, which is said once', async () => {
  const { deps, lines, beats } = depsFor(without(404));
  expect(await syncDrills(deps)).toBe(false);
  const resources = startDrillResources(deps, { everyMs: 1, withoutMs: 1 });
  await eventually(() => expect(beats()).toBeGreaterThan(3));
  await resources.stop();
  expect(lines.filter(({ msg }) => String(msg).includes('REST works alone'))).toHaveLength(1);
});

test('when Drills cannot be listed, it is tried again', async () => {
  const { deps, lines, beats } = depsFor(without(500));
  const resources = startDrillResources(deps, { everyMs: 1, withoutMs: 1 });
  await eventually(() => expect(beats()).toBeGreaterThan(2));
  await resources.stop();
  expect(lines[0]).toMatchObject({ error: 'the words' });
});

test('errors have the words of the API server, and none of its headers', async () => {
  const error = await inWords(Promise.reject(refused(403, 'pods is forbidden'))).catch((each: Error) => each);
  expect(error).toMatchObject({ message: 'pods is forbidden' });
  expect(wordsOf(new ApiException(502, 'Bad', '<html>', {}))).toBe('<html>');
});

test('what somebody else wrote in between is read again, and not for ever', async () => {
  let tries = 0;
  const conflict = async () => {
    tries += 1;
    throw refused(409, 'changed');
  };
  await expect(onConflictAgain(conflict)).rejects.toThrow();
  expect(tries).toBe(6);
  let left = 2;
  expect(await onConflictAgain(async () => (left-- > 0 ? conflict() : 'done'))).toBe('done');
});
