import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpApp } from './http-app.ts';
import { listen } from './lifecycle.ts';

/** The answer of an app that says what it read in an address. */
async function ask(address: string): Promise<{ status: number; body: unknown }> {
  const scope = testScope();
  const app = createHttpApp({
    ...scope,
    routes: (app) => void app.get('/:name', (req, res) => void res.json([req.params.name, req.query.q])),
  });
  const server = await listen(app, { port: 0, host: '127.0.0.1', log: scope.log });
  onTestFinished(() => server.close());
  const answer = await fetch(`http://127.0.0.1:${server.port}${address}`);
  return { status: answer.status, body: await answer.json() };
}

test('an address that is UTF-8, percent-encoded, is read', async () => {
  expect(await ask('/%C3%BC?q=%E2%82%AC+100%25')).toEqual({ status: 200, body: ['ü', '€ 100%'] });
});

test.each([
  ['in a path', '/%FF'],
  ['in a query', '/a?q=%FF'],
  ['of half a character in a query', '/a?q=%C3'],
  ['of a surrogate in a query', '/a?q=%ED%A0%80'],
  ['behind a percent sign, in a query', '/a?q=%zz'],
])('bytes that are no text %s are a bad request', async (_where, address) => {
  const { status, body } = await ask(address);
  expect([status, body]).toMatchObject([400, { code: 'invalid_request' }]);
});
