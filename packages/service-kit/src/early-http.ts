import type { Express } from 'express';
import { createHttpApp } from './http-app.ts';
import { listen, type ServiceScope } from './lifecycle.ts';
import { ProblemError } from './problem.ts';

type Options = { PORT: number; HOST: string; DRAIN_MS: number };

/**
 * Listens from the first moment of a start, which may have to wait for Postgres: probes are answered (alive, not ready),
 * everything else is `unavailable`. `serve` puts the service's own app in its place and returns the function that closes.
 */
export async function listenEarly(
  { log, health, metrics }: Pick<ServiceScope, 'log' | 'health' | 'metrics'>,
  { PORT: port, HOST: host, DRAIN_MS: drainMs }: Options,
) {
  const starting = createHttpApp({
    ...{ log, health, metrics },
    bodies: 'own',
    routes: (app) => {
      app.use(() => {
        throw new ProblemError('unavailable', 'The service is starting. Try again in a second.', {
          retryAfter: 1,
        });
      });
    },
  });
  const server = await listen(starting, { port, host, log, drainMs });
  return {
    serve(app: Express): () => Promise<void> {
      server.serve(app);
      return server.close;
    },
  };
}
