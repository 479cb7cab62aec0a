import { problem } from '@orderflow/contracts/errors';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import express, { type Express } from 'express';
import supertest from 'supertest';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { OutcomeUnknownError } from './database-errors.ts';
import { outcomeUnknown } from './database-problem.ts';
import { createHttpApp } from './http-app.ts';
import { bodyOf } from './http-input.ts';
import { ProblemError } from './problem.ts';
import { requestContext } from './request-context.ts';
import { sqlStates } from './sql-states.ts';

function appWith(
  routes: (app: Express) => void,
  options: { bodyLimit?: number; bodies?: 'json' | 'own'; strangers?: true } = {},
) {
  const scope = testScope();
  const server = createHttpApp({ ...scope, routes, ...options }).listen(0, '127.0.0.1');
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { ...scope, server, api: supertest(server) };
}

const throwing = (error: unknown) =>
  appWith((app) => {
    app.get('/things/:id', async () => {
      throw error;
    });
  });

test('the probes tell of this process: alive while its loops come round, ready when it says so', async () => {
  const { api, health } = appWith(() => {});
  await api.get('/livez').expect(200);
  await api.get('/readyz').expect(503);
  await api.get('/health').expect(503);
  health.setReady(true);
  await api.get('/readyz').expect(200, { status: 'ready' });
  await api.get('/healthz').expect(200, { status: 'ok' });
  health.watchLoop('relay', -1);
  await api.get('/livez').expect(503, { status: 'stuck', stuck: ['relay'] });
  await api.get('/readyz').expect(200);
  await api.get('/health').expect(503);
});

test('the probes of an app that strangers reach say no more than whether they pass', async () => {
  const { api, health } = appWith(() => {}, { strangers: true });
  await api.get('/livez').expect(200, { status: 'ok' });
  health.watchLoop('relay', -1);
  await api.get('/livez').expect(503, { status: 'stuck' });
});

test('requests are measured by the pattern of their route, and probes are not', async () => {
  const { api, metrics } = appWith((app) => {
    app.get('/things/:id', (_req, res) => void res.json({}));
  });
  await api.get('/livez');
  await api.get('/things/1');
  await api.get('/things/2');
  await api.get('/nowhere/3');
  await api.get('/metrics').expect(404);
  const text = await metrics.registry.metrics();
  const count = 'http_server_request_duration_seconds_count{service="test",method="GET"';
  expect(text).toContain(`${count},route="/things/:id",status="200"} 2`);
  expect(text).toContain(`${count},route="unmatched",status="404"} 2`);
  expect(text).not.toMatch(/livez|nowhere/);
});

test('a request keeps the threads it came with, and gets new ones when it has none or bad ones', async () => {
  const { api } = appWith((app) => {
    app.get('/', (req, res) => void res.json(requestContext(req)));
  });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const kept = await api.get('/').set('x-correlation-id', 'thread-1').set('traceparent', traceparent);
  expect(kept.body).toEqual({ correlationId: 'thread-1', traceparent });
  expect(kept.headers['x-correlation-id']).toBe('thread-1');
  const bad = await api.get('/').set('x-correlation-id', 'a b').set('traceparent', '00-1');
  expect(bad.body.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  expect(bad.body.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(bad.headers['x-correlation-id']).toBe(bad.body.correlationId);
});

test.each([
  [200, 'debug', 20],
  [404, 'warn', 40],
  [500, 'error', 50],
])(
  'an answer of %i is one line of level %s with the thread and without the body',
  async (status, _name, level) => {
    const { api, lines } = appWith((app) => {
      app.post('/', (_req, res) => void res.status(status).json({}));
    });
    await api.post('/').set('x-correlation-id', 'thread-1').send({ password: 'secret' });
    await eventually(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatchObject({
      level,
      msg: 'request',
      correlationId: 'thread-1',
      method: 'POST',
      path: '/',
      status,
    });
    expect(JSON.stringify(lines)).not.toContain('secret');
  },
);

test('an address that nobody serves is a problem document that names it', async () => {
  const { api } = appWith(() => {});
  const { body, headers } = await api.get('/nowhere?secret=1').expect(404);
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(headers['x-powered-by']).toBeUndefined();
  expect(problem.parse(body)).toMatchObject({
    code: 'not_found',
    detail: 'GET /nowhere is not served here.',
  });
  expect(body.traceId).toBe(headers['x-correlation-id']);
});

test('an error meant for the client arrives with its fields and when to try again', async () => {
  const fields = [{ path: 'a', message: 'must be b' }];
  const { api } = throwing(new ProblemError('unavailable', 'Try again.', { fields, retryAfter: 7 }));
  const { body, headers } = await api.get('/things/1').expect(503);
  expect(headers['retry-after']).toBe('7');
  expect(body).toMatchObject({ detail: 'Try again.', errors: fields });
});

test('an unexpected error says nothing of its cause to the client and all of it to the log', async () => {
  const { api, lines } = throwing(new Error('password is hunter2'));
  const { body, text } = await api.get('/things/1').expect(500);
  expect(body.code).toBe('internal_error');
  expect(text).not.toContain('hunter2');
  expect(lines.find((line) => line.msg === 'unexpected error in a request')).toMatchObject({
    correlationId: body.traceId,
  });
});

test.each([
  ...sqlStates.map(({ state, answer }) => [state.padEnd(5, '0'), answer] as const),
  ['ECONNREFUSED', 'wait'] as const,
])('an error of Postgres (%s: %s) is answered by the table, with when to try again', async (code, answer) => {
  const { api, lines } = throwing(Object.assign(new Error('the reason'), { code }));
  const { status, body, headers, text } = await api.get('/things/1');
  expect(text).not.toContain('the reason');
  const unexpected = lines.map((line) => line.msg).includes('unexpected error in a request');
  if (answer === 'fail') {
    expect([status, body.code, unexpected]).toEqual([500, 'internal_error', true]);
  } else {
    expect([status, body.code, unexpected]).toEqual([503, 'unavailable', false]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
});

test('an unknown outcome says so, and names the key to repeat it with when there is one', async () => {
  const cause = new OutcomeUnknownError(new Error('the reason'));
  const unkeyed = await throwing(cause).api.get('/things/1').expect(503);
  expect(unkeyed.body).toMatchObject({ code: 'outcome_unknown', detail: expect.stringContaining('Read') });
  expect(unkeyed.headers['retry-after']).toBe('1');
  expect(unkeyed.headers['idempotency-key']).toBeUndefined();
  const { api } = throwing(outcomeUnknown({ idempotencyKey: 'k-1', cause }));
  const keyed = await api.get('/things/1').expect(503);
  expect(keyed.body).toMatchObject({ code: 'outcome_unknown', detail: expect.stringContaining('again') });
  expect(keyed.headers['idempotency-key']).toBe('k-1');
});

const echo = (app: Express) => {
  app.post('/', (req, res) => void res.json(bodyOf(z.object({ a: z.string() }), req)));
};

test.each([
  ['broken JSON', 'application/json', '{"a":', 400, 'invalid_request'],
  ['no JSON object', 'application/json', '"text"', 400, 'invalid_request'],
  ['another shape', 'application/json', '{"a":1}', 400, 'invalid_request'],
  ['text', 'text/plain', '{"a":"b"}', 415, 'unsupported_media_type'],
  ['another alphabet', 'application/json; charset=koi8-r', '{"a":"b"}', 415, 'unsupported_media_type'],
  ['too much', 'application/json', JSON.stringify({ a: 'x'.repeat(2000) }), 413, 'payload_too_large'],
])('a body of %s is refused', async (_name, type, sent, status, code) => {
  const { api } = appWith(echo, { bodyLimit: 1024 });
  const { body } = await api.post('/').set('content-type', type).send(sent);
  expect(body).toMatchObject({ status, code });
});

test('a body packed in an unknown way is refused', async () => {
  const { api } = appWith(echo);
  const { body } = await api.post('/').set('content-encoding', 'rot13').send({ a: 'b' });
  expect(body).toMatchObject({ status: 415, code: 'unsupported_media_type' });
});

test('a proxy gets bodies as they came, of any kind', async () => {
  const { api } = appWith(
    (app) => {
      app.post('/', express.raw({ type: () => true }), (req, res) => void res.send(req.body.toString()));
    },
    { bodies: 'own' },
  );
  const { text } = await api.post('/').set('content-type', 'application/json').send('{"broken":');
  expect(text).toBe('{"broken":');
});

test('an address that is not a URL is a bad request', async () => {
  const { api } = throwing(new Error('never reached'));
  const { body } = await api.get('/things/%E0%A4%A').expect(400);
  expect(body.code).toBe('invalid_request');
});

test('an error in the middle of an answer cuts it off, so that nobody takes it for whole', async () => {
  const { api, lines } = appWith((app) => {
    app.get('/', async (_req, res) => {
      res.write('half');
      throw new Error('no more');
    });
  });
  await expect(api.get('/')).rejects.toThrow(/aborted|socket hang up/);
  await eventually(() =>
    expect(lines.find((line) => line.msg === 'request')).toMatchObject({ status: 499, level: 40 }),
  );
});
