import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type JsonSchema, refusals } from './released-events/accepts.ts';
import { decided } from './released-events/decided.ts';
import { conflicts, type Release, today } from './released-events/release.ts';

const file = join(import.meta.dirname, '../packages/contracts/released-events.json');
const released = (): Release => JSON.parse(readFileSync(file, 'utf8'));

test('the events of today and those of the last release can be read by one another', () => {
  expect(conflicts(released(), today())).toEqual([]);
  expect(Object.keys(released().events).length).toBeGreaterThan(15);
});

test('each conflict that was decided on is one, and is gone from the list once it is none', () => {
  const all = conflicts(released(), today(), []);
  for (const { conflicts, cost } of decided) {
    expect(all.filter((line) => conflicts.test(line))).toHaveLength(2);
    expect(cost).not.toBe('');
  }
});

test('the command says the same, and has a help', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'released-events.ts'), ...args], {
      encoding: 'utf8',
    });
  expect(run()).toMatchObject({ status: 0, stderr: '' });
  expect(run('--help').stdout).toContain('--write');
  expect(run('--wrong').status).toBe(1);
});

const schema = (type: z.ZodType) => z.toJSONSchema(type, { io: 'input' }) as JsonSchema;
const before = z.object({
  id: z.uuid(),
  state: z.enum(['a', 'b']),
  note: z.string().optional(),
  n: z.int().max(9),
});

test.each([
  ['a new optional field', before.extend({ more: z.string().optional() })],
  ['an optional field that is gone', before.omit({ note: true })],
])('%s may come in one release', (_, now) => {
  expect(refusals(schema(before), schema(now))).toEqual([]);
  expect(refusals(schema(now), schema(before))).toEqual([]);
});

test.each([
  ['a required field that is gone', before.omit({ id: true }), 'read by the last', 'data.id'],
  ['a new required field', before.extend({ more: z.string() }), 'written by the last', 'data.more'],
  ['another type', before.extend({ id: z.int() }), 'read by the last', 'data.id'],
  ['a new value of a list', before.extend({ state: z.enum(['a', 'b', 'c']) }), 'read by the last', '"c"'],
  ['a value of a list that is gone', before.extend({ state: z.enum(['a']) }), 'written by the last', '"b"'],
  ['a field that may be null', before.extend({ id: z.uuid().nullable() }), 'read by the last', 'data.id'],
  ['a format that is gone', before.extend({ id: z.string() }), 'read by the last', 'data.id'],
  ['a higher limit', before.extend({ n: z.int().max(10) }), 'read by the last', 'data.n'],
  ['a lower limit', before.extend({ n: z.int().max(8) }), 'written by the last', 'data.n'],
])('%s takes two releases', (_, now, side, place) => {
  const release = (data: z.ZodType): Release => ({
    ...{ envelope: {}, subscriptions: {} },
    events: { 'thing.done': { version: 1, source: 'order', data: schema(data) } },
  });
  const found = conflicts(release(before), release(now));
  expect(found.filter((line) => line.includes(side) && line.includes(place))).not.toEqual([]);
});

test('a type goes a release after its last reader, and never changes its version or its producer', () => {
  const data = schema(before);
  const release = (wanted: string[], events: Release['events']): Release => ({
    envelope: {},
    events,
    subscriptions: { payment: wanted, auditor: 'all' },
  });
  const one = { 'thing.done': { version: 1, source: 'order', data } };
  expect(conflicts(release(['thing.done'], one), release([], {}))).toEqual([
    'thing.done: gone, but payment of the last release wants it',
  ]);
  expect(conflicts(release([], one), release([], {}))).toEqual([]);
  const other = { 'thing.done': { version: 2, source: 'payment', data } };
  expect(conflicts(release([], one), release([], other))).toHaveLength(2);
  expect(conflicts(release([], one), release([], { ...one, 'thing.new': one['thing.done'] }))).toEqual([]);
});
