import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillView } from '@orderflow/contracts/drills';
import type { Controller } from './controller.ts';

/** A drill may take the gateway and the database of the controller away; it is asked again for so long. */
const PATIENCE_MS = 180_000;
/** Between two lines about orders while nothing else happens. */
const ORDERS_EVERY_MS = 5_000;

/**
 * Asks for an answer until there is one: what a drill breaks may be on the way to it. Throws the last error when there
 * was none for three minutes.
 */
export async function patiently<T>(ask: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

/** Says what happens in a drill, a line each, until it is over. */
export async function follow(options: {
  controller: Controller;
  drill: DrillView;
  say: (line: string) => void;
  everyMs?: number;
}): Promise<DrillView> {
  const { controller, say, everyMs = 500 } = options;
  const begun = Date.parse(options.drill.createdAt);
  let told = 0;
  let saidAt = Date.now();
  for (let drill = options.drill; ; drill = await patiently(() => controller.read(drill.id))) {
    const news = drill.timeline.slice(told);
    told = drill.timeline.length;
    for (const { at, phase, what } of news) say(line(Date.parse(at) - begun, phase, what));
    if (drill.endedAt) return drill;
    if (news.length > 0) saidAt = Date.now();
    else if (Date.now() - saidAt >= ORDERS_EVERY_MS) {
      say(line(Date.now() - begun, drill.phase, ordersOf(drill)));
      saidAt = Date.now();
    }
    await sleep(everyMs);
  }
}

const line = (ms: number, phase: string, what: string) =>
  `${(ms / 1000).toFixed(1).padStart(7)} s  ${phase.padEnd(12)} ${what}`;

const ordersOf = ({ orders }: DrillView) =>
  `orders: ${orders.asked} asked for, ${orders.accepted} accepted, ${orders.ended} at their end`;
