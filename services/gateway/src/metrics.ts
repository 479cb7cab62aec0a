import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Upstreams } from './upstreams.ts';

export function createGatewayMetrics({ registry }: Metrics, upstreams: Upstreams) {
  const answered = new Histogram({
    name: 'gateway_upstream_response_seconds',
    help: 'Time until a service began its answer, or was given up on, by route pattern; 499 is a client that left',
    labelNames: ['upstream', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const retried = new Counter({
    name: 'gateway_upstream_retries_total',
    help: 'Requests sent a second time, on a fresh connection',
    labelNames: ['upstream'],
    registers: [registry],
  });
  new Gauge({
    name: 'gateway_upstream_requests',
    help: 'Requests under way to a service (running) and waiting for a connection to it (queued)',
    labelNames: ['upstream', 'state'],
    registers: [registry],
    collect() {
      for (const { name, kept } of Object.values(upstreams)) {
        this.set({ upstream: name, state: 'running' }, kept.stats.running);
        this.set({ upstream: name, state: 'queued' }, kept.stats.queued);
      }
    },
  });
  return { answered, retried };
}

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;
