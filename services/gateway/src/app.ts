import { refuseBadAddress } from '@orderflow/service-kit/address';
import type { Auth } from '@orderflow/service-kit/auth';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Express } from 'express';
import type { Redis } from 'ioredis';
import { boundPipelining, oneAfterTheOther } from './connections.ts';
import { mountDocs } from './docs.ts';
import { createIntake, type IntakeOptions } from './intake.ts';
import type { LiveAnswers } from './live-answers.ts';
import { createGatewayMetrics, measureBodies } from './metrics.ts';
import { createProxy } from './proxy.ts';
import { createRateLimiter, type RateLimits } from './rate-limits.ts';
import { mountRoutes } from './routes.ts';
import { crossOrigin, securityHeaders } from './security.ts';
import type { Upstreams } from './upstreams.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  auth: Auth;
  upstreams: Upstreams;
  liveAnswers: LiveAnswers;
  /** Counts requests, together with other replicas; `prefix` keeps test runs apart. */
  redis: Redis;
  prefix?: string;
  limits: RateLimits;
  intake: IntakeOptions;
  demo: boolean;
  timeoutMs: number;
  trustProxy: number | string;
  corsOrigins: string[];
};

export function createApp(deps: Deps) {
  const { scope, auth, upstreams, liveAnswers, demo, timeoutMs, trustProxy, corsOrigins } = deps;
  const metrics = createGatewayMetrics(scope.metrics, upstreams);
  const { limit, limitRefused } = createRateLimiter({ ...deps, metrics, log: scope.log });
  const intake = createIntake(deps.intake, (why) => metrics.refusedBodies.inc({ why }));
  measureBodies(scope.metrics, intake.bytesInFlight);

  function mount(app: Express) {
    app.set('trust proxy', trustProxy);
    // First, so that errors have them too: a page that may not read why it was refused learns nothing.
    app.use(securityHeaders({ corsOrigins }));
    if (corsOrigins.length > 0) app.use(crossOrigin(corsOrigins));
    app.use(intake.admit, oneAfterTheOther(), refuseBadAddress);
    mountDocs(app, { demo });
    app.use(auth.authenticate, limitRefused, limit);
    mountRoutes(app, {
      demo,
      proxyTo: (route) =>
        createProxy({
          upstream: upstreams[route.upstream],
          route,
          intake,
          timeoutMs,
          liveAnswers,
          metrics,
          log: scope.log,
        }),
    });
  }

  return createHttpApp({
    ...scope,
    bodies: 'own',
    boundConnection: boundPipelining(),
    strangers: true,
    routes: mount,
  });
}
