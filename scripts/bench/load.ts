import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

export type LoadOptions = {
  gatewayUrl: string;
  productIds: string[];
  /** Of the customers who order, in turn. */
  tokens: string[];
  seconds: number;
  connections: number;
  /** Orders a second, evenly spread, whether answers come or not; as fast as they come when it is not given. */
  rate?: number;
};

export type LoadResult = { accepted: number; refused: number; p50: number; p95: number; p99: number };

/**
 * Places orders through the gateway for a bounded time, of one or two products each, paid at once. Latencies in
 * milliseconds as a client sees them; with a rate they count from the moment an order was due, so that a stall
 * shows in every order it held up. (Load tools that pace each connection send bursts of all of them at once.)
 */
export async function placeOrders(options: LoadOptions): Promise<LoadResult> {
  const { gatewayUrl, productIds, tokens, seconds, connections, rate } = options;
  const pool = new Pool(gatewayUrl, { connections, pipelining: 1 });
  const latencies: number[] = [];
  let refused = 0;
  let sent = 0;

  async function placeOne(dueAt: number): Promise<void> {
    const authorization = `Bearer ${tokens[sent % tokens.length]}`;
    const body = JSON.stringify(orderBody(sent++, productIds));
    const headers = { 'content-type': 'application/json', authorization };
    if ((await post(pool, headers, body)) === 201) latencies.push(performance.now() - dueAt);
    else refused += 1;
  }

  const started = performance.now();
  const end = started + seconds * 1000;
  if (rate === undefined) {
    const client = async () => {
      while (performance.now() < end) await placeOne(performance.now());
    };
    await Promise.all(Array.from({ length: connections }, client));
  } else {
    const underWay = new Set<Promise<void>>();
    for (let dueAt = started; dueAt < end; dueAt += 1000 / rate) {
      const early = dueAt - performance.now();
      if (early > 0) await sleep(early);
      const placing = placeOne(dueAt).finally(() => underWay.delete(placing));
      underWay.add(placing);
    }
    await Promise.all(underWay);
  }
  await pool.close();
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    accepted: latencies.length,
    refused,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
  };
}

/**
 * Posts an order; gives the status once the whole answer is there, undefined when there is none. Makes as little
 * garbage as can be: while it is collected, what is measured stands still.
 */
const post = (pool: Pool, headers: Record<string, string>, body: string) =>
  new Promise<number | undefined>((resolve) => {
    let status: number | undefined;
    const request = { method: 'POST', path: '/api/orders', headers, body } as const;
    pool.dispatch(request, {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData() {},
      onResponseEnd: () => resolve(status),
      onResponseError: () => resolve(undefined),
    });
  });

const orderBody = (n: number, productIds: string[]) => {
  const first = n % productIds.length;
  const picked = n % 3 === 0 ? [first, (first + 1) % productIds.length] : [first];
  return {
    items: picked.map((i) => ({ productId: productIds[i], quantity: 1 })),
    paymentMethod: 'pm_card_visa',
  };
};

/** Waits until `left` gives 0, telling every second how many are left. Fails when nothing moves for a minute. */
export async function drain(left: () => Promise<number>, onProgress: (left: number) => void): Promise<void> {
  let lowest = Number.POSITIVE_INFINITY;
  let movedAt = performance.now();
  let toldAt = performance.now();
  for (;;) {
    const remaining = await left();
    if (remaining === 0) return;
    if (remaining < lowest) movedAt = performance.now();
    lowest = Math.min(lowest, remaining);
    if (performance.now() - movedAt > 60_000) {
      throw new Error(`${remaining} steps of sagas do not complete; see the log above`);
    }
    if (performance.now() - toldAt > 1_000) {
      onProgress(remaining);
      toldAt = performance.now();
    }
    await sleep(50);
  }
}
