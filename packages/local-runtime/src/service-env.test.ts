import { expect, test } from 'vitest';
import { fakeSpec } from './fixtures/fake-checkout.ts';
import { serviceEnv } from './service-env.ts';
import { services } from './services.ts';

const common = { databaseUrl: undefined, redisUrl: 'redis://127.0.0.1', internalToken: 'token' };

test('a setting of the caller reaches the service that names it, and no other', () => {
  const options = { ...common, ports: { shop: 1, depot: 2 }, extra: {} };
  const callerEnv = { RULES: 'strict', SECRET: 'of the caller', EMPTY: '' };
  const settings = { RULES: 'usual' };
  const shop = fakeSpec('shop', { settings, fromCaller: ['RULES', 'EMPTY', 'UNSET'] });
  const env = serviceEnv({ ...options, service: shop, callerEnv });
  expect(env).toMatchObject({ RULES: 'strict' });
  for (const name of ['SECRET', 'EMPTY', 'UNSET']) expect(env).not.toHaveProperty(name);
  const depot = serviceEnv({ ...options, service: fakeSpec('depot', { settings }), callerEnv });
  expect(depot).toMatchObject({ RULES: 'usual' });
});

test('what is set for all services comes before the settings that a service has on one machine', () => {
  const service = fakeSpec('shop', { settings: { DRILL_NAMESPACES: 'local' } });
  const extra = { DRILL_NAMESPACES: 'nowhere' };
  expect(serviceEnv({ ...common, ports: { shop: 1 }, service, extra })).toMatchObject(extra);
});

test('schedules, quiet hours and what probes may ask of npm start reach the chaos controller alone', () => {
  const naming = (variable: string) =>
    services.filter(({ fromCaller }) => fromCaller?.includes(variable)).map(({ name }) => name);
  expect(naming('DRILL_SCHEDULES')).toEqual(['chaos-controller']);
  expect(naming('DRILL_QUIET_HOURS')).toEqual(['chaos-controller']);
  expect(naming('DRILL_PROBE_ORIGINS')).toEqual(['chaos-controller']);
});

test('a shared secret reaches the services that name it, and no other', () => {
  const secrets = { CODE_SECRET: 'shared' };
  const options = { ...common, ports: { shop: 1, depot: 2 }, extra: {}, secrets };
  const shop = serviceEnv({ ...options, service: fakeSpec('shop', { secrets: ['CODE_SECRET'] }) });
  expect(shop).toMatchObject(secrets);
  expect(serviceEnv({ ...options, service: fakeSpec('depot') })).not.toHaveProperty('CODE_SECRET');
});

test('the payment provider of npm start, and what it takes to ask it, reach payment alone', () => {
  const named = services.filter(({ fromCaller }) => fromCaller?.some((name) => /PAYMENT|STRIPE/.test(name)));
  expect(named.map(({ name, fromCaller }) => [name, fromCaller])).toEqual([
    ['payment', ['PAYMENT_PROVIDER', 'STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_URL']],
  ]);
});
