import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundGroups, type Group } from '@orderflow/contracts/groups';
import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Redis } from 'ioredis';
import { fullJitter } from './backoff.ts';
import {
  answerKey,
  type CatchUpPage,
  type CatchUpRequest,
  requestField,
  requestsKey,
} from './catch-up-protocol.ts';
import {
  advance,
  claimOpen,
  noteCut,
  type OpenRow,
  openTypes,
  registerWants,
  wantsOf,
} from './catch-up-rows.ts';
import { cutsKey } from './cut-loose.ts';
import { isKeeper, type Subscriber } from './handlers.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { WANTS_ARE_KNOWN_MS } from './passed-over.ts';
import { type Entry, producerOf } from './stream.ts';

/** How long a producer may take to answer, before the group asks again. */
const ANSWER_WITHIN_MS = 10_000;

/** How often a group looks whether it was cut loose, or something was passed over. */
const LOOK_EVERY_MS = 2_000;

/** Events that are handled in one transaction. */
const BATCH = 100;

type Options = {
  group: Group;
  handlers: Subscriber;
  db: Database;
  redis: Redis;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  metrics: ConsumerMetrics;
  /** Handles events as those of a stream; what fails is kept for another attempt. */
  handle: (entries: Entry[]) => Promise<void>;
  streams: string[];
  knownMs?: number;
};

/**
 * Reads from the producers' outboxes what the group has not had from their streams: types that no version of the group
 * wanted before, and what it was cut loose from. Asks through Redis for a page at a time and writes down how far it has
 * come; so a lost Redis costs one page. Events that it has had are known by the inbox.
 */
export function startCatchUp(options: Options) {
  const { group, handlers, db, redis, scope, metrics, handle, streams } = options;
  const { knownMs = WANTS_ARE_KNOWN_MS } = options;
  const log = scope.log.child({ part: 'catch-up' });
  const loop = scope.health.watchLoop('catch-up', 60_000);
  const wants = wantsOf(group, handlers);
  const stopped = new AbortController();
  const asked = new Set<string>();
  let openRows = 0;
  const rest = (ms: number) => sleep(ms, undefined, { signal: stopped.signal }).catch(() => {});
  const wantsFrom = (stream: string) => wants.filter(({ producer }) => producer === producerOf(stream));

  async function lookForCut(stream: string): Promise<void> {
    if (!backgroundGroups.includes(group)) return;
    const text = await redis.hget(cutsKey(stream), group);
    if (!text) return;
    const { id, position } = JSON.parse(text) as { id: string; position: number };
    const producer = producerOf(stream);
    const types = wantsFrom(stream).map(({ type }) => type);
    await noteCut(db, group, { producer, types, id, position });
  }

  async function ask(stream: string, { type, after, cutId }: OpenRow): Promise<CatchUpPage | undefined> {
    const request: CatchUpRequest = { id: newId(), group, type, after, cutId };
    await redis.hset(requestsKey(stream), requestField(request), JSON.stringify(request));
    const deadline = performance.now() + ANSWER_WITHIN_MS;
    while (performance.now() < deadline && !stopped.signal.aborted) {
      loop.beat();
      const text = await redis.getdel(answerKey(stream, request.id));
      if (text) return JSON.parse(text) as CatchUpPage;
      await rest(20);
    }
    return undefined;
  }

  /** Reads and handles one page of a producer's outbox. Returns whether there was one. */
  async function readPage(stream: string): Promise<boolean> {
    await lookForCut(stream);
    const row = await claimOpen(db, group, wantsFrom(stream));
    if (!row) return false;
    const page = await ask(stream, row);
    if (!page) {
      await advance(db, group, row, { after: row.after, end: false });
      return false;
    }
    const entries = page.rows.map(({ position, type, body }) => ({
      ...{ stream, type, position, body },
      id: `outbox-${position}`,
    }));
    const begunAt = performance.now();
    for (let from = 0; from < entries.length; from += BATCH) {
      loop.beat();
      await handle(entries.slice(from, from + BATCH));
    }
    await advance(db, group, row, page);
    // On a fresh install there is nothing to read, and that is no news.
    const level = row.after === 0 && entries.length === 0 ? 'debug' : 'info';
    if (page.end) log[level]({ producer: row.producer, type: row.type }, 'caught up with the outbox');
    // The background yields to what is new.
    await rest(performance.now() - begunAt);
    return true;
  }

  /** Calls `work` until it stops throwing; true when it has, false when this was stopped before. */
  async function untilDone(work: () => Promise<unknown>): Promise<boolean> {
    for (let failures = 1; !stopped.signal.aborted; failures++) {
      loop.beat();
      try {
        await work();
        return true;
      } catch (error) {
        if (failures === 3) log.warn({ error: (error as Error).message }, 'catching up waits');
        await rest(fullJitter(failures, { baseMs: 100, capMs: 5_000 }));
      }
    }
    return false;
  }

  /** One loop for each producer, so that one that is away holds up only its own events. */
  async function follow(stream: string): Promise<void> {
    while (!stopped.signal.aborted) {
      await untilDone(async () => {
        const found = await readPage(stream);
        openRows = await openTypes(db, group, wants);
        asked.add(stream);
        metrics.catchingUp.set(openRows);
        if (!found) await rest(LOOK_EVERY_MS);
      });
    }
  }

  async function run(): Promise<void> {
    const registered = await untilDone(async () => {
      const opened = await registerWants(db, group, wants);
      if (opened.length > 0) log.info({ types: opened }, 'new to this group: read from the outboxes too');
    });
    if (!registered) return;
    // Replicas of an older version may not have heard yet of what this one wants: what they pass over until then is in
    // the outbox before its first page is read. A keeper passes over nothing.
    if (!isKeeper(handlers)) await rest(2 * knownMs);
    await Promise.all(streams.map(follow));
  }

  const running = run();
  return {
    /** Whether the group has all that its producers have said; false until each was asked once. */
    isCaughtUp: () => openRows === 0 && asked.size === streams.length,
    async stop(): Promise<void> {
      stopped.abort();
      await running;
      loop.done();
    },
  };
}
