import { expect, test } from 'vitest';
import { isMailCode, mailCode } from './mail-codes.ts';

const use = { purpose: 'verify-email', ticket: '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10' };

test('a code is twelve digits that hardly anybody misreads, and the same each time', () => {
  expect(mailCode('secret', use)).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
  expect(mailCode('secret', use)).toBe(mailCode('secret', use));
});

test('a code is taken as people type it, and for its own use only', () => {
  const code = mailCode('secret', use);
  for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code.replaceAll('0', 'o')} `])
    expect(isMailCode('secret', typed, use)).toBe(true);
  for (const typed of ['', code.slice(1), `${code}0`]) expect(isMailCode('secret', typed, use)).toBe(false);
  expect(isMailCode('another', code, use)).toBe(false);
  expect(isMailCode('secret', code, { ...use, purpose: 'reset-password' })).toBe(false);
  expect(isMailCode('secret', code, { ...use, ticket: '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a11' })).toBe(false);
});
