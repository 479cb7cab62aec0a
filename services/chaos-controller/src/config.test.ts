import { expect, test } from 'vitest';
import { z } from 'zod';
import { aSpec } from '../test/drill-samples.ts';
import { configSchema } from './config.ts';

const local = {
  PORT: '3007',
  DATABASE_URL: 'postgres://localhost/chaos',
  AUTH_URL: 'http://localhost:3005',
  INTERNAL_TOKEN: 'sixteen-characters',
  GATEWAY_URL: 'http://localhost:8080',
  AUDITOR_URL: 'http://localhost:3006',
  DRIVER: 'local',
  SUPERVISOR_URL: 'http://localhost:3022',
  SUPERVISOR_TOKEN: 'sixteen-characters',
};
const nightly = { name: 'nightly', cron: '30 2 * * *', spec: aSpec() };

test('on one machine little has to be said', () => {
  expect(configSchema.parse(local)).toMatchObject({
    DRILL_NAMESPACES: ['local'],
    DRILL_PROBE_ORIGINS: [],
    DRILL_SCHEDULES: [],
    DRILL_QUIET_HOURS: [],
    DRILL_COOLDOWN_SECONDS: 30,
    DRILL_KEEP_DAYS: 90,
    DRILL_MIN_REPLICAS: { service: 1, postgres: 1, redis: 1 },
  });
});

test('lists come as JSON, with what they leave out filled in', () => {
  const config = configSchema.parse({
    ...local,
    DRILL_NAMESPACES: 'shop, staging',
    DRILL_PROBE_ORIGINS: 'https://shop.example.com, http://10.0.0.7:9090/',
    DRILL_SCHEDULES: JSON.stringify([nightly]),
    DRILL_MIN_REPLICAS: '{"service": 2}',
  });
  expect(config.DRILL_NAMESPACES).toEqual(['shop', 'staging']);
  expect(config.DRILL_PROBE_ORIGINS).toEqual(['https://shop.example.com', 'http://10.0.0.7:9090/']);
  expect(config.DRILL_SCHEDULES[0]).toMatchObject({ timeZone: 'UTC', suspended: false });
  expect(config.DRILL_MIN_REPLICAS).toEqual({ service: 2, postgres: 1, redis: 1 });
});

test.each([
  ['is not JSON', { DRILL_SCHEDULES: '[' }],
  [
    'the schedule nightly is of no use',
    { DRILL_SCHEDULES: JSON.stringify([{ ...nightly, cron: '61 2 * * *' }]) },
  ],
  [
    'the schedule nightly is of no use',
    { DRILL_SCHEDULES: JSON.stringify([{ ...nightly, timeZone: 'Moon/Base' }]) },
  ],
  ['two schedules have the name nightly', { DRILL_SCHEDULES: JSON.stringify([nightly, nightly]) }],
  ['from and to are the same', { DRILL_QUIET_HOURS: '[{"days":["mon"],"from":"10:00","to":"10:00"}]' }],
  ['DRILL_NAMESPACES', { DRIVER: 'kubernetes', RELEASE: 'shop' }],
  ['SUPERVISOR_TOKEN', { SUPERVISOR_TOKEN: undefined }],
  ['DRILL_KEEP_DAYS', { DRILL_KEEP_DAYS: '0' }],
  ['https://shop.example.com is the origin of', { DRILL_PROBE_ORIGINS: 'https://shop.example.com/health' }],
  ['is the origin of', { DRILL_PROBE_ORIGINS: 'https://user:secret@shop.example.com' }],
  ['no probe may ask 169.254.169.254', { DRILL_PROBE_ORIGINS: 'http://169.254.169.254' }],
  ['no probe may ask fd00:ec2::254', { DRILL_PROBE_ORIGINS: 'http://[fd00:ec2::254]' }],
  ['Invalid URL', { DRILL_PROBE_ORIGINS: 'file:///etc/passwd' }],
  ['DRIVER', { DRIVER: 'docker' }],
])('says "%s" of what cannot be', (message, changes) => {
  const { error } = configSchema.safeParse({ ...local, ...changes });
  expect(z.prettifyError(error!)).toContain(message);
});
