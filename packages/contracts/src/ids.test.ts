import { expect, test } from 'vitest';
import { customerIdOf, drawnAt, firstIdAt, newId } from './ids.ts';

test('ids grow from each to the next, none comes twice, and each tells when it was drawn', () => {
  const from = Date.now();
  const ids = Array.from({ length: 5_000 }, newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of [ids[0]!, ids.at(-1)!]) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(drawnAt(id)).toBeGreaterThanOrEqual(from);
    expect(drawnAt(id)).toBeLessThanOrEqual(Date.now());
  }
});

test('the first id of a time is below all that are drawn then, and above those before', () => {
  const id = newId();
  expect(firstIdAt(drawnAt(id)) <= id).toBe(true);
  expect(firstIdAt(drawnAt(id) + 1) > id).toBe(true);
});

test('an address names the same customer however it is written', () => {
  expect(customerIdOf(' Ada@Example.org ')).toBe(customerIdOf('ada@example.org'));
  expect(customerIdOf('ada@example.org')).not.toBe(customerIdOf('eve@example.org'));
});
