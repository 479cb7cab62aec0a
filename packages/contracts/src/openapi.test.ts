import { expect, test } from 'vitest';
import { z } from 'zod';
import { operations } from './api.ts';
import { openApiDocument } from './openapi.ts';

/** As much of a document as these tests look at, as JSON carries it. */
const operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().optional(),
        schema: z.record(z.string(), z.unknown()),
      }),
    )
    .default([]),
  requestBody: z
    .object({ required: z.boolean(), content: z.record(z.string(), z.object({ schema: z.unknown() })) })
    .optional(),
  responses: z.record(
    z.string().regex(/^[2-5]\d\d$/),
    z.object({
      description: z.string().min(1),
      headers: z.record(z.string(), z.unknown()).optional(),
      content: z.record(z.string(), z.object({ schema: z.unknown() })).optional(),
    }),
  ),
});
const openApi = z.object({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.object({ title: z.string(), version: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  security: z.tuple([z.strictObject({ bearer: z.array(z.string()) })]),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operation),
  ),
  components: z.object({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), z.unknown()),
    securitySchemes: z.object({ bearer: z.object({ type: z.literal('http'), scheme: z.literal('bearer') }) }),
  }),
});

const json: unknown = JSON.parse(JSON.stringify(openApiDocument({ demo: true })));
const document = openApi.parse(json);
const described = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, it]) => ({ path, method, ...it })),
);

/** Every object in a document, however deep. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* objectsIn(part);
}

const at = (pointer: string): unknown =>
  pointer
    .slice('#/'.length)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], json);

test('the document has every operation, once', () => {
  expect(described.map(({ operationId, method, path }) => `${operationId} ${method} ${path}`).sort()).toEqual(
    operations.map(({ id, method, path }) => `${id} ${method} ${path}`).sort(),
  );
});

test('outside demo mode there are no plain aliases', () => {
  const { paths, tags } = openApi.parse(JSON.parse(JSON.stringify(openApiDocument({ demo: false }))));
  expect(Object.keys(paths).every((path) => /^\/(api\/|\.well-known|health|openapi)/.test(path))).toBe(true);
  expect(tags.map(({ name }) => name)).not.toContain('Plain aliases');
});

test('every reference leads somewhere, and every named schema is used', () => {
  const references = [...objectsIn(json)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
  expect(references.length).toBeGreaterThan(100);
  expect(references.filter((reference) => at(reference) === undefined)).toEqual([]);
  const unused = Object.keys(document.components.schemas).filter(
    (name) => !references.includes(`#/components/schemas/${name}`),
  );
  expect(unused).toEqual([]);
});

test('schemas are JSON Schema 2020-12, without the words of OpenAPI 3.0', () => {
  const types = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null', 'http']);
  for (const part of objectsIn(json)) {
    expect(Object.keys(part)).not.toContain('nullable');
    if (typeof part.type === 'string') expect(types).toContain(part.type);
    expect(typeof part.exclusiveMinimum).not.toBe('boolean');
  }
});

test.each(described)(
  '$operationId declares the parameters of its path, as required',
  ({ path, parameters }) => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared = parameters.filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name).sort()).toEqual(inPath.sort());
    expect(declared.every(({ required }) => required)).toBe(true);
  },
);

test('every error is a problem document, and those that pass say when to come again', () => {
  for (const { operationId, responses } of described) {
    for (const [status, { content, headers }] of Object.entries(responses)) {
      // A probe reads no problem documents.
      if (Number(status) < 400 || operationId === 'getHealth') continue;
      expect({ operationId, status, content }).toEqual({
        operationId,
        status,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      });
      if (status === '429' || status === '503') expect(headers).toHaveProperty('Retry-After');
    }
  }
});

test.each(['getOrder', 'getProductImage'])('%s says that its answer may not have changed', (id) => {
  const { parameters, responses } = described.find(({ operationId }) => operationId === id)!;
  expect(parameters).toContainEqual(expect.objectContaining({ in: 'header', name: 'If-None-Match' }));
  expect(responses['304']).toEqual({ description: expect.stringContaining('ETag') });
});

test('the health of the gateway is told in one shape, good or not', () => {
  const { responses } = described.find(({ operationId }) => operationId === 'getHealth')!;
  expect(Object.keys(responses)).toEqual(['200', '503']);
  expect(responses['503']!.content).toEqual(responses['200']!.content);
});

test('a token is needed but where the table says anybody', () => {
  for (const { operationId, security } of described) {
    const { who } = operations.find(({ id }) => id === operationId)!;
    const optional = security?.length === 0 || security?.some((way) => Object.keys(way).length === 0);
    expect({ operationId, optional: Boolean(optional) }).toEqual({
      operationId,
      optional: who.includes('public'),
    });
  }
});

test('operations that take an Idempotency-Key say so, and bodies that may be left out too', () => {
  const find = (id: string) => described.find(({ operationId }) => operationId === id)!;
  expect(find('placeOrder').parameters).toContainEqual(
    expect.objectContaining({ in: 'header', name: 'Idempotency-Key' }),
  );
  expect(find('placeOrder').requestBody?.required).toBe(true);
  expect(find('cancelOrder').requestBody?.required).toBe(false);
  expect(Object.keys(find('putProductImage').requestBody!.content)).toEqual([
    'image/png',
    'image/jpeg',
    'image/webp',
  ]);
  expect(find('watchOrder').responses['200']?.content).toHaveProperty('text/event-stream');
});
