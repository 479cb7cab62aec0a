import { expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from './config.ts';

const common = {
  PORT: '3003',
  DATABASE_URL: 'postgres://localhost/payment',
  REDIS_URL: 'redis://localhost',
  AUTH_URL: 'http://localhost:3005',
  INTERNAL_TOKEN: 'sixteen characters',
  ORDER_LINK_SECRETS: 'thirty-two characters or some more of them',
};
const stripe = { PAYMENT_PROVIDER: 'stripe', STRIPE_API_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' };

/** What the process says when it ends; empty when it starts. */
function complaints(env: Record<string, string>): string {
  const parsed = configSchema.safeParse({ ...common, ...env });
  return parsed.success ? '' : z.prettifyError(parsed.error);
}

test('the provider is the bank unless told otherwise', () => {
  const config = configSchema.parse({ ...common, BANK_URL: 'http://localhost:3010' });
  expect(config).toMatchObject({ PAYMENT_PROVIDER: 'bank', BANK_URL: 'http://localhost:3010' });
});

test('Stripe needs no bank, and is asked at its own address', () => {
  expect(configSchema.parse({ ...common, ...stripe })).toMatchObject({
    PAYMENT_PROVIDER: 'stripe',
    STRIPE_API_URL: 'https://api.stripe.com',
  });
});

test.each([
  ['the bank without an address', {}, ['BANK_URL']],
  ['Stripe without its secrets', { PAYMENT_PROVIDER: 'stripe' }, ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET']],
  ['a publishable key', { ...stripe, STRIPE_API_KEY: 'pk_test_1' }, ['STRIPE_API_KEY', 'sk_test_']],
  [
    'a secret of something else',
    { ...stripe, STRIPE_WEBHOOK_SECRET: 'x' },
    ['STRIPE_WEBHOOK_SECRET', 'whsec_'],
  ],
  ['an address that is none', { ...stripe, STRIPE_API_URL: 'stripe-mock' }, ['STRIPE_API_URL']],
  ['a provider nobody knows', { PAYMENT_PROVIDER: 'paypal' }, ['PAYMENT_PROVIDER']],
  ['no token and no port', { BANK_URL: 'http://b', PORT: '', INTERNAL_TOKEN: '' }, ['INTERNAL_TOKEN']],
])('%s is named in what the process says when it ends', (_what, env, names) => {
  for (const name of names) expect(complaints(env)).toContain(name);
});
