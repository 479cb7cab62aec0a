import { Pool } from 'undici';
import { type Breaker, type BreakerOptions, type BreakerState, createBreaker } from './breaker.ts';
import { MAX_LIVE_ANSWERS } from './live-answers.ts';

export const upstreamNames = [
  'order',
  'inventory',
  'payment',
  'notification',
  'customer',
  'auditor',
  'chaos-controller',
] as const;
export type UpstreamName = (typeof upstreamNames)[number];

export type Upstream = {
  name: UpstreamName;
  /** Connections that are kept and shared by requests. */
  kept: Pool;
  /** A new connection for each request: the kept ones may all be dead together. */
  fresh: Pool;
  /** Connections of their own for answers that go on for hours: they would take all of the kept ones. */
  live: Pool;
  breaker: Breaker;
};

export type Upstreams = Record<UpstreamName, Upstream>;

type Options = {
  /** Between two chunks of an answer. */
  timeoutMs: number;
  breaker?: Omit<BreakerOptions, 'onChange'>;
  onBreaker?: (upstream: UpstreamName, state: BreakerState) => void;
};

/** Connections to the services, made when they are needed and bounded in number. */
export function openUpstreams(
  urls: Record<UpstreamName, string>,
  { timeoutMs, breaker = { failures: 5, openMs: 1_000 }, onBreaker }: Options,
) {
  const common = {
    // The proxy has a timer of its own, which counts waiting for a connection too.
    headersTimeout: 0,
    bodyTimeout: timeoutMs,
    connectTimeout: Math.min(timeoutMs, 3_000),
    allowH2: false,
  };
  const open = (name: UpstreamName): Upstream => ({
    name,
    // Behind one address there may be many replicas: connections that lived for ever would never reach new ones.
    kept: new Pool(urls[name], { ...common, connections: 64, clientTtl: 30_000 }),
    fresh: new Pool(urls[name], { ...common, connections: 8, pipelining: 0 }),
    live: new Pool(urls[name], { ...common, connections: MAX_LIVE_ANSWERS.total, pipelining: 0 }),
    breaker: createBreaker({ ...breaker, onChange: (state) => onBreaker?.(name, state) }),
  });
  const upstreams: Upstreams = {
    order: open('order'),
    inventory: open('inventory'),
    payment: open('payment'),
    notification: open('notification'),
    customer: open('customer'),
    auditor: open('auditor'),
    'chaos-controller': open('chaos-controller'),
  };
  return {
    upstreams,
    async close(): Promise<void> {
      await Promise.all(
        Object.values(upstreams).flatMap(({ kept, fresh, live }) => [
          kept.destroy(),
          fresh.destroy(),
          live.destroy(),
        ]),
      );
    },
  };
}
