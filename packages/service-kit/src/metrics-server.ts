import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/**
 * Serves `GET /metrics` and nothing else, on a port of its own: whoever may call the service need not read what it counts.
 * Fails when the port is taken.
 */
export async function serveMetrics(
  { metrics: { registry }, log }: { metrics: Metrics; log: Logger },
  { METRICS_PORT, HOST }: { METRICS_PORT: number; HOST: string },
) {
  const server = createServer(async ({ method, url }, res) => {
    if (method !== 'GET' || url?.split('?', 1)[0] !== '/metrics') return void res.writeHead(404).end();
    try {
      res.setHeader('content-type', registry.contentType);
      res.end(await registry.metrics());
    } catch (error) {
      log.error({ error }, 'metrics could not be read');
      res.writeHead(500).end();
    }
  });
  server.listen(METRICS_PORT, HOST);
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address() as AddressInfo;
  log.info({ host: HOST, port }, 'serving metrics');
  return {
    port,
    close(): Promise<void> {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
