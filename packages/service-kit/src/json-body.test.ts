import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpApp } from './http-app.ts';
import { listen } from './lifecycle.ts';

/** An app that answers with the body as it was read, and a way to send it bytes. */
async function anEcho({ bodyLimit = 1024 } = {}) {
  const scope = testScope();
  const app = createHttpApp({
    ...scope,
    bodyLimit,
    routes: (app) => void app.post('/', (req, res) => void res.json({ read: req.body })),
  });
  const server = await listen(app, { port: 0, host: '127.0.0.1', log: scope.log });
  onTestFinished(() => server.close());
  return async (body: string | Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const answer = (await response.json()) as { read?: unknown; code?: string; detail?: string };
    return { status: response.status, ...answer };
  };
}

const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
const packings = Object.entries(packers);

test.each(packings)('a body packed with %s is read', async (encoding, pack) => {
  const send = await anEcho();
  const answer = await send(pack('{"a":"b"}'), { 'content-encoding': encoding });
  expect(answer).toMatchObject({ status: 200, read: { a: 'b' } });
});

test.each(packings)(
  'a body that claims %s and is not is a bad request that says so',
  async (encoding, pack) => {
    const send = await anEcho();
    const cut = pack(JSON.stringify({ a: 'words and more words', b: [1, 2, 3] })).subarray(0, -6);
    for (const body of ['{"a":"b"} as plain as can be', cut, '']) {
      const answer = await send(body, { 'content-encoding': encoding });
      expect(answer).toMatchObject({ status: 400, code: 'invalid_request' });
      expect(answer.detail).toContain('Content-Encoding');
    }
  },
);

test.each(packings)('a small body that %s makes a large one is too large', async (encoding, pack) => {
  const send = await anEcho({ bodyLimit: 64 * 1024 });
  const bomb = pack(`{"a":"${'x'.repeat(10_000_000)}"}`);
  expect(bomb.length).toBeLessThan(64 * 1024);
  const answer = await send(bomb, { 'content-encoding': encoding });
  expect(answer).toMatchObject({ status: 413, code: 'payload_too_large' });
});

test.each(['utf8', 'UTF-8', '"utf-8"'])('the charset %s is UTF-8', async (charset) => {
  const send = await anEcho();
  const answer = await send('{"a":"Grüße"}', { 'content-type': `application/json; charset=${charset}` });
  expect(answer).toMatchObject({ status: 200, read: { a: 'Grüße' } });
});

test('JSON in another charset is refused, by its name and by its bytes', async () => {
  const send = await anEcho();
  for (const charset of ['utf-16', 'iso-8859-1']) {
    const answer = await send('{}', { 'content-type': `application/json; charset=${charset}` });
    expect(answer).toMatchObject({ status: 415, detail: expect.stringContaining(charset) });
  }
  for (const bytes of ['7b2261223a22ff227d', '7b2261223a22c3227d', '7b2261223a22eda080227d']) {
    const answer = await send(Buffer.from(bytes, 'hex'));
    expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining('UTF-8') });
  }
});

test('a byte order mark is no part of a body', async () => {
  const send = await anEcho();
  expect(await send('\ufeff{"a":1}')).toMatchObject({ status: 200, read: { a: 1 } });
});

test('a body of 32 levels is read, and one of more is refused', async () => {
  const send = await anEcho({ bodyLimit: 256 * 1024 });
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  expect(await send(nested(32))).toMatchObject({ status: 200 });
  for (const levels of [33, 100_000]) {
    const answer = await send(nested(levels));
    expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining('32 levels') });
  }
});

test('a body of nothing is an empty object, and one of null is none', async () => {
  const send = await anEcho();
  expect(await send('')).toMatchObject({ status: 200, read: {} });
  expect(await send('null')).toMatchObject({ status: 400, code: 'invalid_request' });
});
