import { expect, test } from 'vitest';
import { breakSafeguard, isBroken, type Safeguard, safeguards } from './safeguards.ts';

test('every safeguard is in force until it is broken by its name, and then only that one', () => {
  const names = Object.keys(safeguards) as Safeguard[];
  expect(names.filter(isBroken)).toEqual([]);
  breakSafeguard('inbox-check');
  expect(names.filter(isBroken)).toEqual(['inbox-check']);
});

test('what is no safeguard is refused with those there are', () => {
  expect(() => breakSafeguard('luck')).toThrow('luck: use one of inbox-check, acknowledgement');
});
