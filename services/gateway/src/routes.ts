import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, RequestHandler } from 'express';
import type { UpstreamName } from './upstreams.ts';

export type Route = {
  path: string;
  upstream: UpstreamName;
  /** Answers that go on for as long as somebody listens. */
  live?: true;
};

/** Where each address leads; the first that matches counts. `{/*rest}` is anything below, or nothing. */
export const routes: Route[] = [
  { path: '/.well-known/jwks.json', upstream: 'customer' },
  { path: '/api/auth{/*rest}', upstream: 'customer' },
  { path: '/api/accounts{/*rest}', upstream: 'customer' },
  { path: '/api/orders/:id/pay', upstream: 'payment' },
  { path: '/api/orders/:id/payment', upstream: 'payment' },
  { path: '/api/orders/:id/timeline', upstream: 'auditor' },
  { path: '/api/orders/:id/events', upstream: 'auditor', live: true },
  { path: '/api/orders{/*rest}', upstream: 'order' },
  { path: '/api/sellers{/*rest}', upstream: 'order' },
  { path: '/api/products/:id/image', upstream: 'inventory' },
  { path: '/api/products{/*rest}', upstream: 'inventory' },
  { path: '/api/inventory{/*rest}', upstream: 'inventory' },
  { path: '/api/reservations{/*rest}', upstream: 'inventory' },
  { path: '/api/payments{/*rest}', upstream: 'payment' },
  { path: '/api/notifications{/*rest}', upstream: 'notification' },
  { path: '/api/customers{/*rest}', upstream: 'customer' },
  { path: '/api/audit{/*rest}', upstream: 'auditor' },
  { path: '/api/dead-letters{/*rest}', upstream: 'auditor' },
  { path: '/api/invariants{/*rest}', upstream: 'auditor' },
  { path: '/api/drills{/*rest}', upstream: 'chaos-controller' },
  { path: '/api/faults{/*rest}', upstream: 'chaos-controller' },
];

/** Aliases for scripts written against simpler systems: they ask nobody who they are. */
export const demoRoutes: Route[] = [
  { path: '/orders', upstream: 'order' },
  { path: '/orders/:id', upstream: 'order' },
  { path: '/order', upstream: 'order' },
  { path: '/inventory', upstream: 'inventory' },
  { path: '/notifications', upstream: 'notification' },
];

type Options = {
  demo: boolean;
  proxyTo: (route: Route) => RequestHandler;
};

export function mountRoutes(app: Express, { demo, proxyTo }: Options) {
  const served = demo ? [...routes, ...demoRoutes] : routes;

  app.get('/', (_req, res) => {
    res.json({
      name: 'OrderFlow',
      health: '/health',
      docs: '/docs',
      openapi: '/openapi.json',
      addresses: served.map(({ path, upstream }) => ({ path: readable(path), service: upstream })),
    });
  });

  app.use(refuseDotSegments);
  for (const route of served) app.route(route.path).all(proxyTo(route));
}

/** `/api/orders/../../internal/…` matches a pattern here, and might mean another address to who reads it next. */
const refuseDotSegments: RequestHandler = (req, _res, next) => {
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(req.path)) {
    throw new ProblemError('invalid_request', 'Send the address without "." and ".." in its path.');
  }
  next();
};

/** `/api/orders{/*rest}` as a person reads it: `/api/orders`; parameters as in OpenAPI. */
const readable = (path: string) => path.replace('{/*rest}', '').replace(/:(\w+)/g, '{$1}');
