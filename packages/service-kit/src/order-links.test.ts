import { newId } from '@orderflow/contracts/ids';
import type { Request } from 'express';
import { expect, test } from 'vitest';
import { createOrderLinks } from './order-links.ts';

const orderId = newId();
const asked = (access: unknown, id = orderId) =>
  ({ query: { access }, params: { id } }) as unknown as Request;

test('a link leads to its order, in capitals too, and to no other', () => {
  const links = createOrderLinks({ secrets: ['secret'] });
  const token = links.tokenOf(orderId);
  const holder = { kind: 'guest', orderId };
  expect(links.holderOf(asked(token))).toEqual(holder);
  expect(links.holderOf(asked(token, orderId.toUpperCase()))).toEqual(holder);
  expect(links.holderOf(asked(undefined))).toBeUndefined();
  expect(() => links.holderOf(asked(token, newId()))).toThrow('newest mail');
});

test('a link that was tampered with, or of another secret, leads nowhere', () => {
  const links = createOrderLinks({ secrets: ['secret'] });
  const [expires, mac] = links.tokenOf(orderId).split('.');
  const bad = [
    '',
    '.',
    mac,
    `${expires}.`,
    `${Number(expires) + 1}.${mac}`,
    `${expires}.${mac}x`,
    ['a', 'b'],
    { a: 'b' },
  ];
  for (const token of bad) expect(() => links.holderOf(asked(token)), String(token)).toThrow('newest mail');
  const another = createOrderLinks({ secrets: ['another'] }).tokenOf(orderId);
  expect(() => links.holderOf(asked(another))).toThrow('newest mail');
});

test('a link is good for 90 days, and a new secret leaves old links alone while the old one stands behind it', () => {
  const placed = Date.now();
  const token = createOrderLinks({ secrets: ['old'], now: () => placed }).tokenOf(orderId);
  const after = (days: number, secrets: string[]) =>
    createOrderLinks({ secrets, now: () => placed + days * 86_400_000 });
  expect(after(89, ['new', 'old']).holderOf(asked(token))).toBeDefined();
  expect(() => after(91, ['old']).holderOf(asked(token))).toThrow('newest mail');
  expect(() => after(1, ['new']).holderOf(asked(token))).toThrow('newest mail');
  const newer = after(1, ['new', 'old']).tokenOf(orderId);
  expect(after(1, ['new']).holderOf(asked(newer))).toBeDefined();
});
