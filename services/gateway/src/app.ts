import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { createGatewayMetrics } from './metrics.ts';
import { createProxy } from './proxy.ts';
import { mountRoutes } from './routes.ts';
import type { Upstreams } from './upstreams.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  upstreams: Upstreams;
  demo: boolean;
  timeoutMs: number;
};

export function createApp({ scope, upstreams, demo, timeoutMs }: Deps) {
  const metrics = createGatewayMetrics(scope.metrics, upstreams);
  return createHttpApp({
    ...scope,
    parseBodies: false,
    routes: (app) =>
      mountRoutes(app, {
        demo,
        proxyTo: ({ path, upstream }) =>
          createProxy({ upstream: upstreams[upstream], route: path, timeoutMs, metrics, log: scope.log }),
      }),
  });
}
