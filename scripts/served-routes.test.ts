import { operations } from '@orderflow/contracts/api';
import { testScope } from '@orderflow/testing/scope';
import { testAuth } from '@orderflow/testing/tokens';
import type { Express } from 'express';
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { createApp as auditor } from '../services/auditor/src/app.ts';
import { createApp as chaosController } from '../services/chaos-controller/src/app.ts';
import { createApp as customer } from '../services/customer/src/app.ts';
import { createApp as inventory } from '../services/inventory/src/app.ts';
import { createApp as notification } from '../services/notification/src/app.ts';
import { createApp as order } from '../services/order/src/app.ts';
import { createApp as payment } from '../services/payment/src/app.ts';

/** Served, but not for those who read the document: probes, our own parts, and what Stripe calls. */
const unlisted = /^\/(livez|readyz|healthz?|internal\/.*|api\/payments\/webhooks\/.*)$/;

/** Mounting routes calls nothing, so what they would call need not be there. */
function appOf<Deps>(createApp: (deps: Deps) => Express): Express {
  const deps = { scope: testScope(), auth: testAuth, demo: true, webhook: {} };
  return createApp(deps as Deps);
}

const apps: Record<string, Express> = {
  auditor: appOf(auditor),
  'chaos-controller': appOf(chaosController),
  customer: appOf(customer),
  inventory: appOf(inventory),
  notification: appOf(notification),
  order: appOf(order),
  payment: appOf(payment),
};

const withoutNames = (path: string) => path.replace(/:\w+|\{\w+\}/g, '{}');

/** `GET /api/orders/{}` and so on, as Express has them mounted. */
const servedBy = (app: Express): string[] =>
  app.router.stack.flatMap(({ route }) =>
    [route?.path ?? []]
      .flat()
      .filter((path) => !unlisted.test(path))
      .flatMap((path) => route!.stack.map(({ method }) => `${method.toUpperCase()} ${withoutNames(path)}`)),
  );

test.each(Object.keys(apps))('what %s serves is in the document, and the other way round', (service) => {
  const told = operations
    .filter((operation) => operation.service === service)
    .map(({ method, path }) => `${method.toUpperCase()} ${withoutNames(path)}`);
  expect([...new Set(servedBy(apps[service]!))].sort()).toEqual(told.sort());
});

/** `/api/orders/{id}` as `/API/ORDERS/0198…/`. */
const misspelled = (path: string) => `${path.toUpperCase()}/`;

test.each(
  operations
    .filter(({ who, service }) => service !== 'gateway' && !who.includes('public'))
    .map(({ id, method, path, service }) => ({ id, method, path, service })),
)('$id is asked for in capitals and with a slash at its end as well', async ({ method, path, service }) => {
  const address = path.replace(/\{\w+\}/g, '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10');
  const ask = async (spelling: string) => (await supertest(apps[service]!)[method](spelling)).body.code;
  // Some ask the database, which is not there, before they ask who it is.
  expect(await ask(address)).toMatch(/^(unauthenticated|internal_error)$/);
  expect(await ask(misspelled(address))).toBe(await ask(address));
});
