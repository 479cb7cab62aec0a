import type { Ledgers } from '../../e2e/ledgers.ts';
import type { StreamedOrder } from './order-stream.ts';
import { until } from './until.ts';

/** Longer than this without an order completing is a pause that the fault made. */
const PAUSE_MS = 1_500;

export type Verdict = {
  accepted: number;
  lost: number;
  doubled: number;
  /** From the fault until orders complete without a pause again. */
  seconds: number;
  /** Of the order that took longest to be paid. */
  slowest: number;
  wrong: string[];
};

/**
 * Compares what customers were told with the books of every service. Orders that are there by now are not those of our
 * customers, such as that of helm test.
 */
export async function createJudge(ledgers: Ledgers, signal: AbortSignal) {
  const known = new Set<string>();
  const others = new Set((await ledgers.orders()).map(({ id }) => id));
  const blamed = new Set<string>();

  /** Things that are there twice, by which. */
  async function doubles(): Promise<string[]> {
    const charges = await ledgers.rows<{ id: string }>(
      'bank',
      "SELECT reference AS id FROM ledger WHERE kind = 'charge' AND status = 'succeeded' GROUP BY 1 HAVING count(*) > 1",
    );
    const messages = await ledgers.rows<{ id: string }>(
      'postbox',
      'SELECT order_id AS id FROM messages GROUP BY order_id, subject, channel HAVING count(*) > 1',
    );
    return [
      ...charges.map(({ id }) => `order ${id} was charged twice`),
      ...messages.map(({ id }) => `a message about order ${id} arrived twice`),
    ];
  }

  /** When each of these orders was paid, by our clock. */
  async function paidAt(ids: string[]): Promise<Map<string, number>> {
    const ahead = (await ledgers.clock()).getTime() - Date.now();
    const paid = await ledgers.rows<{ id: string; at: Date }>(
      'order',
      "SELECT id, updated_at AS at FROM orders WHERE status = 'PAID' AND id = ANY($1::uuid[]) ORDER BY 2",
      [ids],
    );
    return new Map(paid.map(({ id, at }) => [id, at.getTime() - ahead]));
  }

  /** What the books show to be wrong that nothing was blamed for before. */
  async function whatIsWrong(): Promise<string[]> {
    let violations: string[] = [];
    const right = async () => {
      violations = (await ledgers.violations()).filter((text) => !blamed.has(text));
      if (violations.length > 0) throw new Error(violations.join('; '));
    };
    try {
      await until('the books are right', right, { seconds: 20, signal });
      return [];
    } catch (error) {
      signal.throwIfAborted();
      for (const text of violations) blamed.add(text);
      return [(error as Error).message];
    }
  }

  return {
    whatIsWrong,

    /** Counts an order that was accepted outside of a stream. */
    know: (id: string) => void known.add(id),

    /** Waits until all is done that follows from these orders, and says what became of them. */
    async judge(orders: StreamedOrder[], faultAt: number): Promise<Verdict> {
      const accepted = orders.filter((order) => order.id);
      for (const { id } of accepted) known.add(id!);
      const wrong = orders.flatMap(({ failure }) => failure ?? []);
      const settled = async () => {
        const left = await ledgers.incomplete(known.size);
        if (left > 0) throw new Error(`${left} steps are left.`);
      };
      const blame = (error: Error) => {
        signal.throwIfAborted();
        wrong.push(error.message);
      };
      await until('every accepted order comes to its end', settled, { seconds: 120, signal }).catch(blame);
      wrong.push(...(await whatIsWrong()));

      const statuses = new Map((await ledgers.orders()).map(({ id, status }) => [id, status]));
      const lost = accepted.filter(
        ({ id, card }) => statuses.get(id!) !== (card === 'pm_card_visa' ? 'PAID' : 'CANCELLED'),
      );
      for (const { id, card } of lost)
        wrong.push(`order ${id} with ${card} is ${statuses.get(id!) ?? 'gone'}`);
      // Who gave up may have left one order; whatever is beyond that was made twice.
      const unknown = [...statuses.keys()].filter((id) => !known.has(id) && !others.has(id));
      for (const id of unknown) others.add(id);
      const surplus = unknown.slice(orders.length - accepted.length);
      const doubled = [
        ...surplus.map((id) => `nobody knows of order ${id}`),
        ...(await doubles()).filter((text) => !blamed.has(text)),
      ];
      for (const text of doubled) blamed.add(text);
      const after = accepted.filter(({ begunAt }) => begunAt >= faultAt);
      const paid = await paidAt(after.map(({ id }) => id!));
      const lastBegun = Math.max(...after.map(({ begunAt }) => begunAt));
      const seconds = lastPauseEnds([...paid.values()], faultAt, lastBegun);
      const waits = after.flatMap(({ id, begunAt }) => (paid.has(id!) ? [paid.get(id!)! - begunAt] : []));
      return {
        accepted: accepted.length,
        lost: lost.length,
        doubled: doubled.length,
        seconds,
        slowest: Math.max(0, ...waits) / 1000,
        wrong: [...wrong, ...doubled],
      };
    },
  };
}

export type Judge = Awaited<ReturnType<typeof createJudge>>;

/**
 * Seconds from the fault to the end of the last pause between orders that complete, in milliseconds each; 0 without
 * one. After the last order was begun it is not a pause when single ones complete late: see the slowest for that.
 */
export function lastPauseEnds(completedAt: number[], faultAt: number, lastBegun: number): number {
  if (completedAt.length === 0) return Number.POSITIVE_INFINITY;
  const moments = [faultAt, ...completedAt];
  const last = moments.findLastIndex((at, n) => {
    const before = moments[n - 1] ?? at;
    return at - before > PAUSE_MS && before < lastBegun - PAUSE_MS;
  });
  return last > 0 ? (moments[last]! - faultAt) / 1000 : 0;
}
