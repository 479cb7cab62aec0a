import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { checkedLookup, isForbidden } from './probe-address.ts';

test.each([
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '::',
  '239.1.2.3',
  'ff02::1',
])('no probe may ask %s', (address) => {
  expect(isForbidden(address)).toBe(true);
});

test.each([
  '127.0.0.1',
  '10.96.0.12',
  '192.168.1.7',
  '172.16.0.1',
  '203.0.113.9',
  '::1',
  'fd12::7',
  '2001:db8::1',
])('a probe may ask %s where it is listed', (address) => {
  expect(isForbidden(address)).toBe(false);
});

/** Connects to a name that leads to these addresses. Returns the status, or why it did not connect. */
async function ask(...addresses: { address: string; family: number }[]) {
  const server = createServer((_req, res) => res.end('ok')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const lookup = checkedLookup((_host, _options, callback) => callback(null, addresses));
  return new Promise((resolve) => {
    get({ host: 'shop.example.com', port, lookup, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', ({ message }) => resolve(message));
  });
}

test('a name is connected to where it leads, and not at all when an address of it is forbidden', async () => {
  const here = { address: '127.0.0.1', family: 4 };
  const metadata = { address: '169.254.169.254', family: 4 };
  expect(await ask(here)).toBe(200);
  const refused = 'shop.example.com leads to 169.254.169.254, which no probe may ask';
  expect(await ask(metadata)).toBe(refused);
  expect(await ask(here, metadata)).toBe(refused);
});
