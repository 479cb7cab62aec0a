import { expect, test } from 'vitest';
import { z } from 'zod';
import { errorsOf } from './api/operation.ts';
import { operations } from './api.ts';
import { errorCodes } from './errors.ts';

const methodAndPath = operations.map(({ method, path }) => `${method} ${path}`);

test('no operation is told of twice', () => {
  expect(new Set(methodAndPath).size).toBe(operations.length);
  expect(operations.length).toBeGreaterThan(40);
});

test.each(operations)('$id names exactly the parameters that are in its path', ({ path, params }) => {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  expect(Object.keys(params?.shape ?? {}).sort()).toEqual(inPath.sort());
});

test('bodies are for methods that have one, and answers are described', () => {
  for (const { id, method, body, success } of operations) {
    if (method === 'get' || method === 'delete') expect({ id, body }).toEqual({ id, body: undefined });
    const described = success.status === 204 || success.schema || success.contentType;
    expect({ id, described: Boolean(described) }).toEqual({ id, described: true });
    expect(success.status).toBeLessThan(300);
  }
});

test('every operation whose body may be a card is marked, so that cards are limited', () => {
  const withCard = operations.filter(
    ({ body }) => body && JSON.stringify(z.toJSONSchema(body, { io: 'input' })).includes('"cvc"'),
  );
  expect(withCard.map(({ id }) => id).sort()).toEqual(['createPaymentMethod', 'payOrder']);
  expect(operations.filter(({ takesCard }) => takesCard)).toEqual(withCard);
});

test('every POST that makes something or moves money or stock can be sent again by an idempotency key', () => {
  // To log in or out twice does no harm; the plain form has a key in its body; dead letters are redriven once at most;
  // a check of the invariants writes nothing.
  const without =
    /^(register|verifyEmail|requestPasswordReset|resetPassword|changePassword|login|refresh|logout|plain\w+|\w+DeadLetters|createAccount|createPaymentMethod|checkInvariants)$/;
  const posts = operations.filter(({ id, method }) => method === 'post' && !without.test(id));
  expect(posts.filter(({ idempotencyKey }) => !idempotencyKey).map(({ id }) => id)).toEqual([]);
});

test('errors follow from who may call an operation and what it takes', () => {
  const errors = (id: string) => errorsOf(operations.find((operation) => operation.id === id)!);
  expect(errors('getHealth')).toEqual([]);
  expect(errors('listProducts')).not.toContain('forbidden');
  expect(errors('shipOrder')).toEqual(
    expect.arrayContaining([
      'unauthenticated',
      'forbidden',
      'not_found',
      'invalid_request',
      'illegal_move',
      'idempotency_key_reused',
      'rate_limited',
      'unavailable',
      'upstream_timeout',
    ]),
  );
  for (const { id } of operations)
    for (const code of errors(id)) expect(errorCodes[code].status).toBeGreaterThan(399);
});
