import type { Request } from 'express';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeCursor, encodeCursor, idParam } from './http-input.ts';

const withId = (id: string) => ({ params: { id } }) as unknown as Request;

test('an id is read in either case and given as Postgres gives it', () => {
  expect(idParam(withId('0198C3A4-6F00-7C31-9D5A-5B1F8F6F2A10'))).toBe(
    '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10',
  );
});

test.each(['', '1', '\u0000', '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a1'])('the id %j is not found', (id) => {
  expect(() => idParam(withId(id))).toThrow(expect.objectContaining({ code: 'not_found' }));
});

test('a cursor gives back the position it was made from', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (position) => {
      const cursor = encodeCursor(position);
      expect(cursor).toMatch(/^[\w-]*$/);
      expect(decodeCursor(z.string(), cursor)).toBe(position);
    }),
  );
});

test('a cursor that was made up is refused', () => {
  expect(() => decodeCursor(z.uuid(), 'made-up')).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});
