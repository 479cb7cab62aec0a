import { expect, test } from 'vitest';
import { z } from 'zod';
import { operations } from './api.ts';
import { email, line, lines } from './text.ts';

const breaks = ['\n', '\r', '\t', '\0', '\u001b', '\u007f', '\u0085', '\u2028', '\u2029'];

test('a line has no control character and no break, but for those at its ends, which are cut off', () => {
  for (const sign of breaks) expect(line(9).safeParse(`a${sign}b`).success, JSON.stringify(sign)).toBe(false);
  expect(line(9).parse('\n Grüße 👋\t')).toBe('Grüße 👋');
  expect(line(9).safeParse(' \n').success).toBe(false);
});

test('text of many lines has tabs and breaks, and no other control character', () => {
  expect(lines(9).parse('a\r\n\tb\u2028')).toBe('a\r\n\tb\u2028');
  for (const sign of ['\0', '\u001b', '\u007f', '\u0085'])
    expect(lines(9).safeParse(sign).success).toBe(false);
});

test.each(['ada@example.xn--p1ai', 'a.b+c@xn--e1afmkfd.xn--p1ai', 'ada@example.XN--P1AI', 'ada@example.org'])(
  '%s is an e-mail address',
  (address) => expect(email.parse(address)).toBe(address),
);

test.each([
  'ada@example.xn--',
  'ada@example.xn--p1-',
  'ada@example.x1',
  'ada@example.123',
  'ada@xn--p1ai',
  'ada@example.org\n',
  'ada@exa mple.org',
  'Ada <ada@example.org>',
  `${'a'.repeat(250)}@example.org`,
])('%j is no e-mail address', (address) => expect(email.safeParse(address).success).toBe(false));

/** Every text that a schema takes, by its place. */
function* textsOf(schema: unknown, path: string): Generator<{ path: string; text: Record<string, unknown> }> {
  if (typeof schema !== 'object' || schema === null) return;
  if ('type' in schema && schema.type === 'string') yield { path, text: schema as Record<string, unknown> };
  for (const [key, child] of Object.entries(schema)) yield* textsOf(child, `${path}.${key}`);
}

/** Texts that nobody shows: passwords, tokens and digits; and those of drills, which operators write. */
const free =
  /[pP]assword|refreshToken|deviceToken|card\.properties\.number|^(startDrill|checkDrill|previewDrill|abortDrill|setKillSwitch|putKillSwitch|setFaults)\./;

test('every text of a body is one line, or says that it has many', () => {
  const open = operations
    .filter(({ body, bodyTypes }) => body && !bodyTypes)
    .flatMap(({ id, body }) => [
      ...textsOf(z.toJSONSchema(body!, { io: 'input', unrepresentable: 'any' }), id),
    ])
    .filter(({ text }) => !text.pattern && !text.enum && !text.const && !text.format && !text.allOf)
    .map(({ path }) => path)
    .filter((path) => !free.test(path));
  expect(open).toEqual([]);
});
