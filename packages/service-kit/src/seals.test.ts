import { expect, test } from 'vitest';
import { createSeals } from './seals.ts';

const options = { secret: 'the-secret-of-this-test', purpose: 'tests' };
const { seal, open } = createSeals(options);

test('a sealed text opens with the same secret, for the same purpose and in the same context', () => {
  const sealed = seal('pm_of_ada', 'order-1');
  expect(sealed).not.toContain('pm_');
  expect(Buffer.from(sealed.slice(7), 'base64url').toString('latin1')).not.toContain('ada');
  expect(createSeals(options).open(sealed, 'order-1')).toBe('pm_of_ada');
});

test('the same text is sealed differently each time', () => {
  expect(seal('pm_of_ada', 'order-1')).not.toBe(seal('pm_of_ada', 'order-1'));
});

test('nothing else opens it', () => {
  const sealed = seal('pm_of_ada', 'order-1');
  const changed = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
  expect(open(sealed, 'order-2')).toBeUndefined();
  expect(open(changed, 'order-1')).toBeUndefined();
  for (const other of [{ secret: 'another-secret-of-this-test' }, { purpose: 'another' }]) {
    expect(createSeals({ ...options, ...other }).open(sealed, 'order-1')).toBeUndefined();
  }
  for (const text of ['', 'sealed.', 'sealed.AAAA', 'pm_of_ada', sealed.slice(0, 20)]) {
    expect(open(text, 'order-1')).toBeUndefined();
  }
});
