import type { Ledgers } from '../../e2e/ledgers.ts';
import { measureFloor } from './floor.ts';
import { drain, type LoadResult, placeOrders } from './load.ts';

const CONNECTIONS = 64;
const FLOOR_SECONDS = 5;
const SETTLING_SECONDS = 4;
const WARM_UP_SECONDS = 5;

type RoundOptions = {
  gatewayUrl: string;
  adminUrl: string;
  productIds: string[];
  /** Of the customers who order, in turn. */
  tokens: string[];
  ledgers: Ledgers;
  seconds: number;
  say: (text: string) => void;
};

/** Sagas per second without an engine and at the peak, and milliseconds at half of the peak. */
export type Round = { floor: number; peak: number; placeP99: number; paidP95: number };

/**
 * Loads of orders, each until all its sagas are complete. What one round measures is close together in time, so that
 * its ratio and its half are of the same machine: a shared one is a third slower in some minutes than in others.
 */
export function createRounds(options: RoundOptions) {
  const { gatewayUrl, adminUrl, productIds, tokens, ledgers, seconds, say } = options;
  let expected = 0;

  const untilComplete = () =>
    drain(
      () => ledgers.incomplete(expected),
      (left) => say(`${left} steps of sagas are left`),
    );

  async function load(name: string, shape: { seconds: number; rate?: number }) {
    const begun = performance.now();
    const result: LoadResult = await placeOrders({
      gatewayUrl,
      productIds,
      tokens,
      connections: CONNECTIONS,
      ...shape,
    });
    if (result.refused > 0)
      throw new Error(`${result.refused} orders were refused under load; see the log above`);
    expected += result.accepted;
    await untilComplete();
    const sagasPerSecond = result.accepted / ((performance.now() - begun) / 1000);
    const p99 = Math.round(result.p99);
    say(`${name}: ${result.accepted} orders, ${Math.round(sagasPerSecond)} complete sagas/s, p99 ${p99} ms`);
    return { ...result, sagasPerSecond };
  }

  return {
    /**
     * Loads until `orders` are complete. V8 compiles what runs once an order for good at the 10,400th, in all services
     * at the same time: both processors are busy with it for a second, and whoever orders then waits.
     */
    async warmUp(orders: number): Promise<void> {
      while (expected < orders) await load('warming up', { seconds: Math.min(seconds, WARM_UP_SECONDS) });
    },

    async measure(): Promise<Round> {
      const floor = await measureFloor({
        adminUrl,
        seconds: Math.min(seconds, FLOOR_SECONDS),
        concurrency: 16,
        products: productIds.length,
      });
      say(`the floor: the same SQL with one commit a step, no engine: ${Math.round(floor)} sagas/s`);
      const { sagasPerSecond: peak } = await load('load to the peak', { seconds });
      const rate = Math.max(1, Math.round(peak / 2));
      // The steady state is measured, not the change from one load to another, nor what the other has left to be audited.
      await drain(ledgers.auditsDue, (left) => say(`${left} orders of the peak are to be audited`));
      await load('down to half of the peak', { seconds: Math.min(seconds, SETTLING_SECONDS), rate });
      const since = await ledgers.clock();
      const { p99 } = await load('half of the peak', { seconds, rate });
      const { p95 } = await ledgers.placedToPaid(since);
      say(`half of the peak: paid after ${Math.round(p95)} ms at p95`);
      return { floor, peak, placeP99: p99, paidP95: p95 };
    },

    /** Waits until `placed` orders more, placed by others, are complete. Gives how many there are in all. */
    async complete(placed: number): Promise<number> {
      expected += placed;
      await untilComplete();
      return expected;
    },
  };
}
