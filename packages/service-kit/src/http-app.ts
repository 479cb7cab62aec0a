import { MAX_BODY_BYTES } from '@orderflow/contracts/api/operation';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { refuseBadAddress } from './address.ts';
import type { Auth } from './auth.ts';
import { boundBodies, dropBody } from './body-budget.ts';
import { databaseProblem } from './database-problem.ts';
import type { Health } from './health.ts';
import { readJson } from './json-body.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { ProblemError, problemDocument } from './problem.ts';
import { requestContext, withRequestContext } from './request-context.ts';

type HttpAppOptions = {
  log: Logger;
  metrics: Metrics;
  health: Health;
  /** Mounts the service's own routes. */
  routes: (app: Express) => void;
  /** Reads who asks from the bearer token; without it every request is nobody's. */
  auth?: Auth;
  /** Bytes of a JSON body. */
  bodyLimit?: number;
  /** Bounds what one connection may ask for, probes included. */
  boundConnection?: RequestHandler;
  /** It may be called by anybody: its probes say no more than whether they pass. */
  strangers?: true;
  /** `json`: parsed before the routes. `bounded`: the routes read them. `own`: the app checks and bounds requests itself. */
  bodies?: 'json' | 'bounded' | 'own';
};

/**
 * An Express app that does not listen yet: probes, request context, logging, RED metrics by
 * route, JSON bodies, the service's routes, and every error as a problem document.
 */
export function createHttpApp({
  log,
  metrics,
  health,
  routes,
  auth,
  bodyLimit = MAX_BODY_BYTES,
  bodies = 'json',
  boundConnection,
  strangers,
}: HttpAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  if (boundConnection) app.use(boundConnection);
  mountProbes(app, health, { strangers });
  app.use(withRequestContext, observe(log, metrics));
  if (bodies !== 'own') app.use(refuseBadAddress, boundBodies());
  if (auth) app.use(auth.authenticate);
  if (bodies === 'json') app.use(readJson(bodyLimit));
  routes(app);
  app.use((req) => {
    throw new ProblemError('not_found', `${req.method} ${req.path} is not served here.`);
  });
  app.use(answerWithProblem(log));
  return app;
}

function mountProbes(app: Express, health: Health, { strangers }: Pick<HttpAppOptions, 'strangers'>) {
  app.get(['/livez', '/readyz', '/health', '/healthz'], (req, _res, next) => {
    dropBody(req);
    next();
  });
  app.get('/livez', (_req, res) => {
    const stuck = health.stuckLoops();
    const status = stuck.length ? 'stuck' : 'ok';
    res.status(stuck.length ? 503 : 200).json({ status, ...(!strangers && { stuck }) });
  });
  app.get('/readyz', (_req, res) => {
    res.status(health.isReady() ? 200 : 503).json({ status: health.isReady() ? 'ready' : 'not ready' });
  });
  app.get(['/health', '/healthz'], (_req, res) => {
    const ok = health.isReady() && health.stuckLoops().length === 0;
    res.status(ok ? 200 : 503).json({ status: ok ? 'ok' : 'failing' });
  });
}

const observe =
  (log: Logger, { httpDuration }: Metrics): RequestHandler =>
  (req, res, next) => {
    const start = process.hrtime.bigint();
    res.once('close', () => {
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      // The pattern, never the URL: an id in a label would make a series for each order.
      const route = req.route ? `${req.baseUrl}${req.route.path}` : 'unmatched';
      const status = res.writableFinished ? res.statusCode : 499;
      httpDuration.observe({ method: req.method, route, status }, seconds);
      const { correlationId } = requestContext(req);
      const line = {
        correlationId,
        method: req.method,
        path: req.path,
        status,
        ms: Math.round(seconds * 1000),
      };
      log[status >= 500 ? 'error' : status >= 400 ? 'warn' : 'debug'](line, 'request');
    });
    next();
  };

const answerWithProblem =
  (log: Logger): ErrorRequestHandler =>
  (error, req, res, _next) => {
    const problem = toProblem(error);
    const { correlationId } = requestContext(req);
    if (problem.code === 'internal_error')
      log.error({ error, correlationId }, 'unexpected error in a request');
    if (res.headersSent) return res.destroy();
    if (problem.retryAfter !== undefined) res.setHeader('retry-after', problem.retryAfter);
    if (problem.idempotencyKey !== undefined) res.setHeader('idempotency-key', problem.idempotencyKey);
    if (problem.code === 'unauthenticated') res.setHeader('www-authenticate', 'Bearer');
    const document = problemDocument(problem, correlationId);
    res.status(document.status).type('application/problem+json').send(JSON.stringify(document));
  };

/** What Express, its body parser and Postgres throw, in our own codes. 5xx details stay inside. */
function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const ofDatabase = databaseProblem(error);
  if (ofDatabase) return ofDatabase;
  switch (bodyParserType(error)) {
    case 'entity.too.large':
      return new ProblemError('payload_too_large', 'Send a smaller body.');
    case 'encoding.unsupported':
      return new ProblemError(
        'unsupported_media_type',
        'Pack the body with gzip, deflate, br or zstd, or send it plain, without Content-Encoding.',
      );
    case 'request.aborted':
    case 'request.size.invalid':
      return new ProblemError('invalid_request', 'The body did not arrive whole.');
  }
  if (error instanceof URIError)
    return new ProblemError('invalid_request', 'The address is not a valid URL.');
  if (isBadPacking(error)) {
    return new ProblemError(
      'invalid_request',
      'The body is not packed as Content-Encoding says; send it plain, without that header.',
    );
  }
  return new ProblemError('internal_error', 'Try again; if it stays, look for the trace id in the logs.', {
    cause: error,
  });
}

/** The body parser passes on what zlib threw, as the client's fault and without a type of its own. */
const isBadPacking = (error: unknown) =>
  error instanceof Error && 'status' in error && error.status === 400 && 'errno' in error;

const bodyParserType = (error: unknown) =>
  error instanceof Error && 'type' in error ? String(error.type) : undefined;
