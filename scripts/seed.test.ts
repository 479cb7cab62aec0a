import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { createProductBody } from '@orderflow/contracts/http/catalogue';
import { sellerSettings } from '@orderflow/contracts/http/orders';
import { expect, onTestFinished, test } from 'vitest';
import { customers, products, sellers } from './seed/demo-data.ts';
import { seed } from './seed.ts';

/** A gateway that knows what it was sent, and answers 409 to what it has already. */
async function gateway(options: { broken?: boolean } = {}) {
  const received = new Map<string, unknown>();
  const server = createServer(async (request, response) => {
    const body = await json(request);
    const key = `${request.method} ${request.url} ${JSON.stringify(body)}`;
    response.statusCode = options.broken ? 500 : request.method === 'POST' && received.has(key) ? 409 : 201;
    received.set(key, body);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { gatewayUrl: `http://127.0.0.1:${port}`, internalToken: 'token', received };
}

test('the demo data is what the API takes, and a second start adds nothing', async () => {
  const lines: string[] = [];
  const shop = await gateway();
  await seed({ ...shop, log: (line) => lines.push(line) });
  await seed({ ...shop, log: (line) => lines.push(line) });

  for (const product of products) createProductBody.parse(product);
  for (const { confirmation } of sellers) sellerSettings.parse({ confirmation });
  expect(shop.received.size).toBe(sellers.length + products.length + customers.length);
  expect(lines).toEqual([
    `Demo data: ${products.length + customers.length} products and customers added`,
    'Demo data: there from an earlier start',
  ]);
});

test('a failure names the request and how to start without demo data', async () => {
  const shop = await gateway({ broken: true });
  await expect(seed({ ...shop, log: () => {} })).rejects.toThrow(
    /PUT \/api\/sellers.* gave 500[\s\S]*--no-demo/,
  );
});
