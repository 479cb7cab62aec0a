import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';
import { breakerStates } from './breaker.ts';
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
    help: 'Requests under way to a service (running), going on (live) and waiting for a connection to it (queued)',
    labelNames: ['upstream', 'state'],
    registers: [registry],
    collect() {
      for (const { name, kept, live } of Object.values(upstreams)) {
        this.set({ upstream: name, state: 'live' }, live.stats.running);
        this.set({ upstream: name, state: 'running' }, kept.stats.running);
        this.set({ upstream: name, state: 'queued' }, kept.stats.queued);
      }
    },
  });
  new Gauge({
    name: 'gateway_circuit_state',
    help: '1 for the state of the circuit to a service: closed, open (nobody asks it) or half-open (one does)',
    labelNames: ['upstream', 'state'],
    registers: [registry],
    collect() {
      for (const { name, breaker } of Object.values(upstreams)) {
        for (const state of breakerStates) {
          this.set({ upstream: name, state }, breaker.state() === state ? 1 : 0);
        }
      }
    },
  });
  const shortened = new Counter({
    name: 'gateway_circuit_refusals_total',
    help: 'Requests refused at once since the circuit to their service was open',
    labelNames: ['upstream'],
    registers: [registry],
  });
  const limited = new Counter({
    name: 'gateway_rate_limited_total',
    help: 'Requests refused since their address or account had sent too many; auth: those to log in, card: those that may send a card',
    labelNames: ['kind'],
    registers: [registry],
  });
  const uncounted = new Counter({
    name: 'gateway_rate_limit_uncounted_total',
    help: 'Requests that were not counted together with those of other replicas: Redis did not answer',
    registers: [registry],
  });
  const refusedBodies = new Counter({
    name: 'gateway_body_refusals_total',
    help: 'Bodies refused: nobody (a token is missing), too_large, too_slow, each (budget of an address), total',
    labelNames: ['why'],
    registers: [registry],
  });
  return { refusedBodies, answered, retried, shortened, limited, uncounted };
}

/** Series of the bytes that bodies take; read when they are asked for. */
export function measureBodies({ registry }: Metrics, bytesInFlight: () => Record<string, number>) {
  new Gauge({
    name: 'gateway_body_bytes',
    help: 'Bytes reserved for the bodies under way: known (sent with a token) or nobodys',
    labelNames: ['budget'],
    registers: [registry],
    collect() {
      for (const [budget, bytes] of Object.entries(bytesInFlight())) this.set({ budget }, bytes);
    },
  });
}

/** Returns the count of connections that were closed at once. */
export function countRefusedConnections({ registry }: Metrics): () => void {
  const refused = new Counter({
    name: 'gateway_connections_refused_total',
    help: 'Connections closed at once, since their address or all together had too many',
    registers: [registry],
  });
  return () => refused.inc();
}

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;
