import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkPortsFree, freePort, isPortFree } from './ports.ts';
import { listeners, portsFrom, services, servicesFor } from './services.ts';

test('every service of the repository is in the table, and everything it names listens', () => {
  const folders = readdirSync(join(import.meta.dirname, '../../../services'), { withFileTypes: true });
  const inRepository = folders.filter((entry) => entry.isDirectory());
  expect(services.map(({ name }) => name).sort()).toEqual(inRepository.map(({ name }) => name).sort());
  const named = services.flatMap(({ name, addresses, ports }) => [
    name,
    ...Object.values(addresses),
    ...Object.values(ports),
  ]);
  expect(Object.keys(listeners)).toEqual(expect.arrayContaining(named));
});

test.each([{}, { PAYMENT_PROVIDER: '' }, { PAYMENT_PROVIDER: 'bank' }])('with %o the bank runs', (env) => {
  expect(servicesFor(env)).toEqual(services);
});

test('with Stripe there is no bank, and nobody has its address', () => {
  const specs = servicesFor({ PAYMENT_PROVIDER: 'stripe' });
  expect(specs.map(({ name }) => name)).toEqual(
    services.map(({ name }) => name).filter((name) => name !== 'bank'),
  );
  const addresses = (list: typeof specs) => list.flatMap(({ addresses }) => Object.keys(addresses));
  expect(addresses(services).filter((variable) => variable === 'BANK_URL')).toHaveLength(3);
  expect(addresses(specs)).not.toContain('BANK_URL');
});

test('ports are the usual ones, move together with a base, and one by one', () => {
  expect(portsFrom({})).toMatchObject({
    gateway: 8080,
    order: 3001,
    bank: 3010,
    postgres: 3020,
    redis: 3021,
    'gateway-metrics': 3060,
    'order-metrics': 3061,
    'postbox-metrics': 3071,
  });
  expect(portsFrom({ ORDERFLOW_PORT_BASE: '9000', PORT_ORDER: '7777' })).toMatchObject({
    gateway: 9000,
    order: 7777,
    'chaos-controller': 9007,
    smtp: 9012,
    redis: 9021,
    'gateway-metrics': 9060,
    'order-metrics': 9061,
  });
});

test.each([
  [{ PORT_ORDER: 'many' }, 'PORT_ORDER=many is not a port'],
  [{ ORDERFLOW_PORT_BASE: '65530' }, 'from 1 to 65464'],
  [{ PORT_ORDER: '3002' }, 'Change PORT_ORDER or PORT_INVENTORY'],
  [{ PORT_ORDER: '3062' }, 'Change PORT_ORDER or PORT_INVENTORY_METRICS'],
])('%o is refused with what to change', (env, message) => {
  expect(() => portsFrom(env)).toThrow(message);
});

test('a port that another program has as localhost only by IPv6 is taken', async ({ skip }) => {
  const server = createServer().listen(0, '::1');
  onTestFinished(() => void server.close());
  await once(server, 'listening').catch(() => skip('no IPv6 here'));
  const { port } = server.address() as { port: number };
  expect(await isPortFree(port)).toBe(false);
});

test('a taken port is named with its service and both ways to move it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const check = checkPortsFree({ order: await freePort(), inventory: port });
  await expect(check).rejects.toThrow(`port ${port}, needed by inventory (set PORT_INVENTORY to move it)`);
  await expect(check).rejects.toThrow('ORDERFLOW_PORT_BASE');
  await expect(check).rejects.not.toThrow('PORT_ORDER');
});
