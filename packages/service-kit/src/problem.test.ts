import { type ErrorCode, errorCodes, problem } from '@orderflow/contracts/errors';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ProblemError, parseInput, problemDocument } from './problem.ts';

test.each(Object.keys(errorCodes) as ErrorCode[])(
  '%s becomes a problem document with its status and title',
  (code) => {
    const document = problemDocument(new ProblemError(code, 'Do this next.'), 'trace-1');
    expect(problem.parse(document)).toEqual({
      type: `urn:orderflow:problem:${code}`,
      ...errorCodes[code],
      detail: 'Do this next.',
      code,
      traceId: 'trace-1',
    });
  },
);

const schema = z.strictObject({
  name: z.string().min(1),
  items: z.array(z.object({ quantity: z.int().min(1) })).default([]),
});

const fieldsOf = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ name: 'ProblemError', code: 'invalid_request' });
    return (error as ProblemError).fields!.map((field) => field.path);
  }
  throw new Error('was accepted');
};

test('input that fits comes out as its schema makes it', () => {
  expect(parseInput(schema, { name: 'a' }, 'body')).toEqual({ name: 'a', items: [] });
});

test('every wrong field is named by its path', () => {
  const input = { name: '', items: [{ quantity: 1 }, { quantity: 0 }, {}] };
  expect(fieldsOf(() => parseInput(schema, input, 'body'))).toEqual([
    'name',
    'items.1.quantity',
    'items.2.quantity',
  ]);
});

test('for input that could be one of several forms the fields of each are named', () => {
  const union = z.union([z.object({ a: z.number() }), z.object({ b: z.number() })]);
  expect(fieldsOf(() => parseInput(union, {}, 'body'))).toEqual(['', 'a', 'b']);
});

test('the detail says which part of the request is meant', () => {
  expect(() => parseInput(schema, 1, 'query string')).toThrow(/^The query string is not valid/);
});

const anything = z.unknown();

test.each([
  ['U+0000', 'a\u0000b'],
  ['the first half of a surrogate pair', 'a\ud83d'],
  ['the second half of one', '\ude00b'],
])('text with %s is refused, however deep it sits, because Postgres cannot keep it', (_name, text) => {
  expect(fieldsOf(() => parseInput(anything, text, 'body'))).toEqual(['']);
  expect(fieldsOf(() => parseInput(anything, { a: [{ b: text }, 'fine', null, 1] }, 'body'))).toEqual([
    'a.0.b',
  ]);
});

test('text of all other kinds is accepted', () => {
  const text = 'Zoë 😀 \n\t\u0001 日本語 \ufffd';
  expect(parseInput(anything, { text }, 'body')).toEqual({ text });
});
