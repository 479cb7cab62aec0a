import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { createHealth, type Health } from './health.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

type Close = () => unknown;

export type ServiceScope = {
  log: Logger;
  metrics: Metrics;
  health: Health;
  /** Registers how to close what was just opened. Closed in reverse order, past errors. */
  onStop: (name: string, close: Close) => void;
};

type Options = {
  service: string;
  config: { LOG_LEVEL: string; HOST: string; METRICS_PORT?: number };
};

/**
 * Runs a service: `start` opens what it needs, each with its closer beside it. On SIGTERM or SIGINT, or when
 * the supervisor is gone, it turns unready, closes everything in reverse and exits 0; a failed start exits 1.
 *
 * Metrics are served from the first moment to the last, when `config` has a port for them. Answer probes from the first
 * moment too (see `listenEarly`), and open in this order: Postgres, Redis, relay, HTTP,
 * consumers. The reverse is then the graceful stop: stop
 * reading, finish and acknowledge what is in hand, close HTTP, publish the rest, close Redis, close Postgres.
 */
export async function runService(
  { service, config }: Options,
  start: (scope: ServiceScope) => Promise<void>,
): Promise<void> {
  const log = createLogger({ service, level: config.LOG_LEVEL });
  const health = createHealth();
  const closers: { name: string; close: Close }[] = [];
  let stopping: Promise<void> | undefined;

  const stop = (reason: string, exitCode: number) => {
    stopping ??= closeAll(reason).then(() => process.exit(exitCode));
    return stopping;
  };

  async function closeAll(reason: string) {
    log.info({ reason }, 'stopping');
    health.setReady(false);
    for (const { name, close } of closers.reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ error, name }, 'closing failed');
      }
    }
    log.info('stopped');
  }

  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  // Started by a supervisor with an IPC channel: when that is killed, nobody else would end us.
  process.on('disconnect', () => void stop('the supervisor is gone', 0));
  // A warning of Node's is a fault of ours. It becomes one line of the log instead of several on standard error.
  process.removeAllListeners('warning');
  process.on('warning', (error) => log.error({ error }, 'Node warned'));
  // Node would end the process anyway; this way it is one readable line.
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'uncaught exception');
    process.exit(1);
  });

  try {
    const metrics = createMetrics({ service });
    const onStop: ServiceScope['onStop'] = (name, close) => void closers.push({ name, close });
    const { METRICS_PORT, HOST } = config;
    if (METRICS_PORT !== undefined) {
      onStop('metrics', (await serveMetrics({ metrics, log }, { METRICS_PORT, HOST })).close);
    }
    await start({ log, health, metrics, onStop });
    if (!stopping) health.setReady(true);
  } catch (error) {
    log.fatal({ error }, 'could not start');
    await stop('failed start', 1);
  }
}

type ListenOptions = {
  port: number;
  host: string;
  log: Logger;
  drainMs?: number;
  /** Called with each new connection, which it may destroy. */
  onConnection?: (socket: Socket) => void;
  inputTimeouts?: typeof INPUT_TIMEOUTS;
};

/** A client that takes longer to send a head, or a request, is answered with 408. Answers take as long as they do. */
const INPUT_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 2_000 };

/**
 * Listens; fails when the port is taken. Gives the port and a close that lets requests in flight finish, after it has
 * told those who keep connections to leave, for at most `drainMs`.
 */
export async function listen(
  app: Express,
  { port, host, log, drainMs = 0, onConnection, inputTimeouts = INPUT_TIMEOUTS }: ListenOptions,
) {
  const server: Server = createServer(inputTimeouts, app);
  if (onConnection) server.on('connection', onConnection);
  server.listen(port, host);
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const address = server.address() as AddressInfo;
  log.info({ host, port: address.port }, 'listening');
  return {
    port: address.port,
    /** Answers with another app from now on. */
    serve(other: Express): void {
      server.removeAllListeners('request').on('request', other);
    },
    async close(): Promise<void> {
      server.prependListener('request', (_req, res) => res.setHeader('connection', 'close'));
      const drainedBy = Date.now() + drainMs;
      while (Date.now() < drainedBy && (await connectionsOf(server)) > 0) await sleep(20);
      await closed(server);
    },
  };
}

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

const closed = (server: Server) =>
  new Promise<void>((resolve) => {
    // A connection whose last answer is out would be kept for five seconds more, in case of another request.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
  });
