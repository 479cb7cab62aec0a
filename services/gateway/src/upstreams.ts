import { Pool } from 'undici';

export const upstreamNames = [
  'order',
  'inventory',
  'payment',
  'notification',
  'customer',
  'auditor',
] as const;
export type UpstreamName = (typeof upstreamNames)[number];

export type Upstream = {
  name: UpstreamName;
  /** Connections that are kept and shared by requests. */
  kept: Pool;
  /** A new connection for each request: the kept ones may all be dead together. */
  fresh: Pool;
};

export type Upstreams = Record<UpstreamName, Upstream>;

/** Connections to the services, made when they are needed and bounded in number. `timeoutMs` is between two chunks of an answer. */
export function openUpstreams(urls: Record<UpstreamName, string>, { timeoutMs }: { timeoutMs: number }) {
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
  });
  const upstreams: Upstreams = {
    order: open('order'),
    inventory: open('inventory'),
    payment: open('payment'),
    notification: open('notification'),
    customer: open('customer'),
    auditor: open('auditor'),
  };
  return {
    upstreams,
    async close(): Promise<void> {
      await Promise.all(
        Object.values(upstreams).flatMap(({ kept, fresh }) => [kept.destroy(), fresh.destroy()]),
      );
    },
  };
}
