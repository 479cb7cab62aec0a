import { expect, test } from 'vitest';
import { sentinelAddress } from './redis-address.ts';

test('a URL with Sentinels gives them, the name of the primary, and both passwords', () => {
  const url =
    'rediss://app:p%40ss@orders/2?sentinels=a.example,b.example:7000,[::1]:7001&sentinelPassword=s%3D';
  expect(sentinelAddress(url)).toEqual({
    name: 'orders',
    sentinels: [
      { host: 'a.example', port: 26379 },
      { host: 'b.example', port: 7000 },
      { host: '::1', port: 7001 },
    ],
    username: 'app',
    password: 'p@ss',
    sentinelPassword: 's=',
    db: 2,
    tls: {},
    sentinelTLS: {},
    enableTLSForSentinelMode: true,
  });
});

test('a URL of a single address is left to ioredis', () => {
  expect(sentinelAddress('redis://:secret@redis.example:6379')).toBeUndefined();
});
