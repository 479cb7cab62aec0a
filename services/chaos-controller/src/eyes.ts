import { createClient } from '@orderflow/client/client';
import { customerIdOf } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import { askAuditor } from './auditor.ts';
import { loadOrders } from './drill-orders/book.ts';
import { drillCustomer } from './drill-orders/drill-customer.ts';
import { latencies, paceOf } from './drill-orders/latency.ts';
import { listOrders } from './drill-orders/list-orders.ts';
import { type DrillOrders, openDrillOrders } from './drill-orders/open.ts';
import { tallyOrders } from './drill-orders/tally.ts';
import type { DrillState } from './drill-state.ts';
import type { Driver, KillSwitch } from './driver.ts';
import { probe } from './probes.ts';
import type { Eyes, OrdersSeen } from './seen.ts';
import { within } from './within.ts';

export type EyesOptions = {
  db: Database;
  driver: Pick<Driver, 'look'>;
  /** Every switch there is, taken together. */
  killSwitch: () => Promise<KillSwitch>;
  gatewayUrl: string;
  /** What HTTP probes may ask besides the gateway. */
  probeOrigins: readonly string[];
  auditorUrl: string;
  prometheusUrl?: string;
  internalToken: string;
  /** The domain of the drills' customers, see DRILL_EMAIL_DOMAIN of config.ts. */
  emailDomain: string;
  log: Logger;
};

/** For each part of a look: they are looked at together, so that a dead one delays nothing. */
const PART_MS = 2_000;
/** Longer than the gateway waits for a service, so that it is the gateway who says that one is silent. */
const ANSWER_MS = 12_000;
const LISTING_MS = 20_000;

const noOrders: OrdersSeen = {
  asked: 0,
  accepted: 0,
  refused: 0,
  ended: 0,
  cancelled: 0,
  open: 0,
  openSince: null,
  lastEnd: null,
  lastEnds: [],
  tries: { good: 0, bad: 0 },
};

/** Who cannot read a switch takes it as engaged. */
const unreadable: KillSwitch = {
  engaged: true,
  reason: 'The kill switch could not be read.',
  by: 'unreadable',
};

const askingPhases: readonly string[] = ['Pending', 'SteadyState', 'Injecting', 'Observing', 'Recovering'];

/** The side of a drill that only looks. */
export function openEyes(options: EyesOptions): Eyes {
  const { db, driver, killSwitch, gatewayUrl, probeOrigins, prometheusUrl, internalToken, emailDomain, log } =
    options;
  const auditor = askAuditor(options);
  const client = createClient({ baseUrl: gatewayUrl, token: internalToken, timeoutMs: ANSWER_MS });
  const held = new Map<string, Promise<DrillOrders>>();
  /** How the orders of a drill stood when they were counted: from then on nothing more is to happen to them. */
  const counted = new Map<string, OrdersSeen>();

  const isCounted = ({ id, tallies }: DrillState) => tallies !== null || counted.has(id);

  /** The orders of a drill, gone on with as its phase wants it when another process began them. */
  function ordersOf({ id, name, spec, phase, ending }: DrillState): Promise<DrillOrders> {
    const known = held.get(id);
    if (known) return known;
    const { perSecond } = spec.orders;
    const { windowSeconds } = spec.abortWhen;
    const drill = { id, name, perSecond, windowSeconds };
    const opened = openDrillOrders({ db, client, emailDomain, log, drill }).then((orders) => {
      if (askingPhases.includes(phase) && !ending) orders.start();
      else orders.stop();
      return orders;
    });
    held.set(id, opened);
    opened.catch(() => held.delete(id));
    return opened;
  }

  async function gatewayAnswers(): Promise<boolean> {
    const response = await fetch(new URL('/health', gatewayUrl), { signal: AbortSignal.timeout(PART_MS) });
    await response.body?.cancel();
    return true;
  }

  async function probesOf({ probes }: DrillState['spec']) {
    const results = probes.map(
      async (one) => [one.name, await probe(one, { gatewayUrl, probeOrigins, prometheusUrl, log })] as const,
    );
    return Object.fromEntries(await Promise.all(results));
  }

  function listedOf(drill: DrillState) {
    const customerId = customerIdOf(drillCustomer(drill, emailDomain).email);
    const signal = AbortSignal.timeout(LISTING_MS);
    return listOrders(client, { customerId, signal }).catch((error) => {
      log.warn({ error, drillId: drill.id }, 'the orders of the drill could not be listed');
      return undefined;
    });
  }

  return {
    async start(drill) {
      if (!isCounted(drill)) await ordersOf(drill);
    },

    async look(drill) {
      const hasOrders = drill.startedAt !== null && !isCounted(drill);
      const [target, invariants, gateway, probes, switched, orders] = await Promise.all([
        partOf(driver.look(drill.spec.target)),
        partOf(auditor.status()),
        partOf(gatewayAnswers()),
        probesOf(drill.spec),
        partOf(killSwitch()),
        hasOrders ? partOf(ordersOf(drill)) : undefined,
      ]);
      if (hasOrders && !orders) throw new Error('The orders of the drill cannot be read from the database.');
      return {
        at: Date.now(),
        target,
        orders: orders?.seen() ?? counted.get(drill.id) ?? noOrders,
        invariants: invariants ?? 'unreachable',
        gateway: gateway ?? false,
        probes,
        killSwitch: switched ?? unreadable,
      };
    },

    async stopOrders(drill) {
      if (!isCounted(drill)) (await ordersOf(drill)).stop();
    },

    async check(question) {
      try {
        return await auditor.check(question);
      } catch (error) {
        log.warn({ error }, 'the auditor gave no check');
        return undefined;
      }
    },

    async finish(drill) {
      const open = await held.get(drill.id);
      const orders = open ? open.all() : await loadOrders(db, drill.id);
      const listed = orders.length > 0 ? await listedOf(drill) : [];
      await open?.close();
      if (open) counted.set(drill.id, open.seen());
      held.delete(drill.id);
      return {
        orders: tallyOrders(orders, {
          listed: listed ?? null,
          check: drill.check,
          settled: isSettled(drill),
        }),
        latency: latencies(orders, drill),
        pace: paceOf(orders),
        listed: listed !== undefined,
      };
    },

    async leave({ id }) {
      const open = held.get(id);
      held.delete(id);
      await (await open)?.close();
    },

    async close() {
      const unwritten = (error: unknown) =>
        log.warn({ error }, 'what became of orders was not written down; it is found out again');
      const closing = [...held.values()].map((opened) => opened.then((orders) => orders.close()));
      await Promise.all(closing.map((closed) => closed.catch(unwritten)));
      held.clear();
    },
  };
}

/** Every order had its time. Who ends a drill earlier takes that time from those that are on their way. */
const isSettled = ({ phase, late, ending }: DrillState) => late || (phase === 'Verifying' && ending === null);

/** What a part gives; undefined when it fails, or has given nothing in time. */
const partOf = <T>(work: Promise<T>): Promise<T | undefined> =>
  within(PART_MS, 'a part of a look', work).catch(() => undefined);
