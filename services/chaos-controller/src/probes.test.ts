import { silentLog } from '@orderflow/testing/scope';
import { expect, test } from 'vitest';
import { aServer } from '../test/fake-answers.ts';
import { probe } from './probes.ts';

const http = (url: string, status = 200) => ({ name: 'a', http: { url, status }, mayFail: true });
const prometheus = (is: '<' | '<=' | '==' | '>=' | '>', value: number) => ({
  name: 'a',
  prometheus: { query: 'sum(up{job="order"})', is, value },
  mayFail: true,
});
const sample = (value: string) => ({ metric: {}, value: [1_700_000_000.123, value] });
const vector = (...values: string[]) => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map(sample) },
});

const nobody = 'http://127.0.0.1:1';
const common = { probeOrigins: [], prometheusUrl: undefined, log: silentLog };

test('an address holds with its status and fails with any other; a path is the gateway’s', async () => {
  const { url, asked } = await aServer(({ url }) => ({ status: url === '/teapot' ? 418 : 200 }));
  const targets = { ...common, gatewayUrl: url };
  expect(await probe(http('/api/products'), targets)).toBe('holds');
  expect(await probe(http('/teapot'), targets)).toBe('fails');
  const listed = { ...common, gatewayUrl: nobody, probeOrigins: [url] };
  expect(await probe(http(`${url}/teapot`, 418), listed)).toBe('holds');
  expect(asked.map(({ url }) => url)).toEqual(['/api/products', '/teapot', '/teapot']);
});

test('an address that gives no answer fails', async () => {
  expect(await probe(http('/'), { ...common, gatewayUrl: nobody })).toBe('fails');
  const { url } = await aServer(() => undefined);
  const begun = Date.now();
  expect(await probe(http('/'), { ...common, gatewayUrl: url })).toBe('fails');
  expect(Date.now() - begun).toBeLessThan(2_500);
});

test('a redirect is an answer like any other, and nobody goes where it leads', async () => {
  const stranger = await aServer(() => ({}));
  const { url } = await aServer(() => ({ status: 302, headers: { location: `${stranger.url}/secret` } }));
  const targets = { ...common, gatewayUrl: url };
  expect(await probe(http('/moved'), targets)).toBe('fails');
  expect(await probe(http('/moved', 302), targets)).toBe('holds');
  expect(stranger.asked).toEqual([]);
});

const asking = async (body: object, status = 200) => {
  const { url, asked } = await aServer(() => ({ status, body }));
  return { asked, targets: { ...common, gatewayUrl: nobody, prometheusUrl: `${url}/prom/` } };
};

test.each([
  ['<', 4, 'holds'],
  ['<', 3, 'fails'],
  ['<=', 3, 'holds'],
  ['<=', 2, 'fails'],
  ['==', 3, 'holds'],
  ['==', 2, 'fails'],
  ['>=', 3, 'holds'],
  ['>=', 4, 'fails'],
  ['>', 2, 'holds'],
  ['>', 3, 'fails'],
] as const)('a query with the result 3 %s %i: it %s', async (is, value, result) => {
  const { asked, targets } = await asking(vector('3'));
  expect(await probe(prometheus(is, value), targets)).toBe(result);
  expect(asked).toMatchObject([
    { url: '/prom/api/v1/query', body: 'query=sum%28up%7Bjob%3D%22order%22%7D%29' },
  ]);
});

test('a scalar is a number too, and infinity is one', async () => {
  const scalar = { status: 'success', data: { resultType: 'scalar', result: [1, '7'] } };
  expect(await probe(prometheus('==', 7), (await asking(scalar)).targets)).toBe('holds');
  expect(await probe(prometheus('>', 7), (await asking(vector('+Inf'))).targets)).toBe('holds');
  expect(await probe(prometheus('>', 7), (await asking(vector('-Inf'))).targets)).toBe('fails');
});

test.each([
  ['no number', vector(), 200],
  ['two numbers', vector('1', '1'), 200],
  ['what is not a number', vector('NaN'), 200],
  ['an error', { status: 'error', errorType: 'bad_data', error: 'parse error' }, 400],
  ['something else', { hello: 'world' }, 200],
])('%s is unknown', async (_what, body, status) => {
  const { targets } = await asking(body, status);
  for (const is of ['<', '>='] as const) expect(await probe(prometheus(is, 1), targets)).toBe('unknown');
});

test('without a Prometheus, or with a dead one, a query is unknown', async () => {
  const targets = { ...common, gatewayUrl: nobody };
  expect(await probe(prometheus('<', 1), targets)).toBe('unknown');
  expect(await probe(prometheus('<', 1), { ...targets, prometheusUrl: nobody })).toBe('unknown');
});
