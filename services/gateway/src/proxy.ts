import { errorCodes } from '@orderflow/contracts/errors';
import { actorOf } from '@orderflow/service-kit/auth';
import { hasBody } from '@orderflow/service-kit/body-budget';
import { clientAddress } from '@orderflow/service-kit/client-address';
import type { Logger } from '@orderflow/service-kit/logger';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Request, RequestHandler } from 'express';
import type { Dispatcher, Pool } from 'undici';
import { passOnTo } from './answer.ts';
import type { Pass } from './breaker.ts';
import {
  afterSending,
  circuitProblem,
  codeOf,
  isBrokenConnection,
  speaksAgainst,
  timeoutProblem,
  toProblem,
} from './failures.ts';
import { requestHeaders } from './headers.ts';
import type { Intake } from './intake.ts';
import { type LiveAnswers, stoppingProblem } from './live-answers.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Route } from './routes.ts';
import type { Upstream } from './upstreams.ts';

type ProxyOptions = {
  upstream: Upstream;
  route: Route;
  intake: Intake;
  timeoutMs: number;
  liveAnswers: LiveAnswers;
  metrics: GatewayMetrics;
  log: Logger;
};

/** Returns the address whose share of live answers counts; the parts of OrderFlow have none. */
const addressOf = (req: Request): string | undefined =>
  actorOf(req)?.kind === 'service' ? undefined : clientAddress(req.ip);

const nobodyWaits = new Error('nobody waits for the answer any more');

/**
 * Passes requests on to a service, each when it is whole, and the answers back as they come. What the service answers,
 * errors included, is passed on as it is; only the lack of an answer becomes a problem of our own.
 */
export function createProxy(options: ProxyOptions): RequestHandler {
  const { upstream, intake, timeoutMs, liveAnswers, metrics, log } = options;
  const { path: route, live } = options.route;
  const { breaker } = upstream;

  function refusedBy(waitMs: number) {
    metrics.shortened.inc({ upstream: upstream.name });
    return circuitProblem(upstream.name, waitMs);
  }

  return (req, res, next) => {
    if (res.closed) return; // the client left while we looked at who it is
    const { correlationId, traceparent } = requestContext(req);
    const withBody = hasBody(req);
    const waitMs = breaker.waitMs();
    if (waitMs > 0) throw refusedBy(waitMs);
    const request: Dispatcher.DispatchOptions = {
      path: req.url,
      method: req.method as Dispatcher.HttpMethod,
      headers: requestHeaders(req, { correlationId, traceparent }, withBody),
    };
    const observe = metrics.answered.startTimer({ upstream: upstream.name, route });
    let connection: Dispatcher.DispatchController | undefined;
    let over = false;
    let pass: Pass | undefined;
    let mayBeDone = false;
    let timer: NodeJS.Timeout | undefined;

    const forget = live ? liveAnswers.add(addressOf(req), finish) : undefined;
    res.once('close', () => {
      forget?.();
      end(); // all is sent, or the client has left
    });
    const pool = live ? upstream.live : upstream.kept;
    if (!withBody) begin();
    else {
      intake.bodyOf(req).then((body) => {
        request.body = body;
        begin();
      }, end);
    }

    /** Sends the request, which is whole: a probe is not held while a client is sending its body. */
    function begin(): void {
      if (over) return;
      pass = breaker.pass();
      if (!pass) return void end(refusedBy(breaker.waitMs()));
      // The whole wait for the service counts: for a connection, and for the answer to begin.
      timer = setTimeout(() => end(timeoutProblem(upstream.name, timeoutMs)), timeoutMs);
      send(pool);
    }

    function send(pool: Pool): void {
      if (over) return;
      let sent = false;
      pool.dispatch(request, {
        ...passOnTo(res, (status) => {
          clearTimeout(timer);
          pass?.succeeded();
          observe({ status });
        }),
        onRequestStart(controller) {
          sent = true;
          mayBeDone = true;
          connection = controller;
          if (over) controller.abort(nobodyWaits);
        },
        onResponseError(_controller, error) {
          // What was not sent can be sent again; so can what only reads.
          const harmless = !sent || req.method === 'GET' || req.method === 'HEAD';
          const again = harmless && isBrokenConnection(error) && pool === upstream.kept && !res.headersSent;
          if (over || !again) return end(error);
          metrics.retried.inc({ upstream: upstream.name });
          send(upstream.fresh);
        },
      });
    }

    /** Lets go of both sides; with a failure the client is told of it, as far as it can still be. */
    function end(failure?: Error): void {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (!res.writableEnded) connection?.abort(nobodyWaits);
      if (!failure) {
        pass?.cancelled();
        if (!res.headersSent) observe({ status: 499 });
        return;
      }
      log.warn({ correlationId, upstream: upstream.name, route, reason: codeOf(failure) }, 'no whole answer');
      if (res.headersSent) return void res.destroy();
      const problem = toProblem(failure, upstream.name, timeoutMs);
      if (speaksAgainst(problem)) pass?.failed();
      else pass?.cancelled();
      const told = mayBeDone ? afterSending(problem, req) : problem;
      observe({ status: errorCodes[told.code].status });
      next(told);
    }

    /** Ends what would go on for ever, as if the service had. */
    function finish(): void {
      if (!res.headersSent) end(stoppingProblem());
      if (over) return;
      over = true;
      connection?.abort(nobodyWaits);
      res.end();
      // A client that reads no more would hold the gateway up.
      setTimeout(() => res.destroy(), 500).unref();
    }
  };
}
