import type { Envelope } from '@orderflow/contracts/envelope';
import { isEventType, UnreadableEvent } from '@orderflow/contracts/events';
import type { Group } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import { databaseAnswer } from '@orderflow/service-kit/database-errors';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
import { crashPoint } from './crash-points.ts';
import { bury, type Custody } from './dead-letters.ts';
import { eventIdOf } from './event-id.ts';
import { type Subscriber, wants } from './handlers.ts';
import { handleOnce } from './inbox.ts';
import { keepable } from './keepable-text.ts';
import type { ConsumerMetrics } from './metrics.ts';
import type { PassingOver } from './passed-over.ts';
import { readFor } from './read-for.ts';
import { takeCustody } from './retries.ts';
import { isBroken } from './safeguards.ts';
import { type Entry, producerOf } from './stream.ts';
import { createWaitOut, WHATEVER_THE_SERVER } from './wait-out.ts';

type Options = {
  group: Group;
  handlers: Subscriber;
  db: Database;
  redis: Redis;
  metrics: ConsumerMetrics;
  log: Logger;
  passingOver: PassingOver;
  /** Shows that the loop is alive while it waits for Postgres. */
  beat: () => void;
  isStopping: () => boolean;
};

type Opened = { entry: Entry; event: Envelope };

/**
 * What becomes of entries once they are read: `handle` those that are new, `takeOver` those that were delivered
 * before. Either acknowledges only what Postgres has committed: as an effect, for another attempt, or as a dead letter.
 */
export function createEntryHandling(options: Options) {
  const { group, handlers, db, redis, metrics, log, passingOver, beat, isStopping } = options;
  const waitOut = createWaitOut({ log, beat, isStopping });

  function custodyOf(entry: Entry, event?: Envelope): Custody {
    const body = keepable(entry.body);
    return { group, key: event?.id ?? eventIdOf(body), stream: entry.stream, entryId: entry.id, body };
  }

  /** The event of an entry; an unreadable one is buried, and one the group does not list is passed over. */
  async function open(entry: Entry): Promise<Envelope | undefined> {
    try {
      const passedOver = entry.type !== undefined && !wants(handlers, entry.type);
      const event = passedOver ? undefined : readFor(handlers, entry.body, 1);
      if (!event) metrics.handled.inc({ type: 'other', outcome: 'ignored' });
      return event;
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      const { message } = error;
      const buried = await waitOut(
        () => bury(db, custodyOf(entry), { reason: 'unreadable', error: message, attempts: 1 }),
        WHATEVER_THE_SERVER,
      );
      const where = { entry: entry.id, stream: entry.stream, error: message };
      if (buried) log.error(where, 'unreadable event: see the dead letters');
      else log.info(where, 'unreadable event passed over: it was given up on or handled before');
      metrics.handled.inc({ type: 'unknown', outcome: buried ? 'dead' : 'ignored' });
      return undefined;
    }
  }

  /** Types that this version of the group does not list; another version may. */
  async function passOver(entries: Entry[]): Promise<void> {
    const passedOver = entries.flatMap(({ stream, type, position }) =>
      type === undefined || wants(handlers, type) ? [] : [{ producer: producerOf(stream), type, position }],
    );
    if (passedOver.length > 0) await waitOut(() => passingOver.note(passedOver), WHATEVER_THE_SERVER);
  }

  async function handle(entries: Entry[]): Promise<void> {
    await handleAll(entries);
    await passOver(entries);
    if (!isBroken('acknowledgement')) await acknowledge(entries);
  }

  /** The same for entries that are in no stream. */
  async function handleAll(entries: Entry[]): Promise<void> {
    const opened: Opened[] = [];
    for (const entry of entries) {
      const event = await open(entry);
      if (event) opened.push({ entry, event });
    }
    if (opened.length > 0) await handleBatch(opened);
  }

  async function handleBatch(opened: Opened[]): Promise<void> {
    const end = metrics.batchDuration.startTimer();
    const events = opened.map(({ event }) => event);
    try {
      const fresh = await waitOut(() => handleOnce({ db, group, handlers }, events));
      crashPoint('consumer.after-commit');
      countHandled(events, fresh);
    } catch (error) {
      const answer = databaseAnswer(error);
      if (answer === 'wait') throw error; // stopping: the entries stay pending
      if (answer !== 'fail' && opened.length === 1) await setAside(opened, error as Error);
      else await oneByOne(opened, error as Error);
    }
    end();
  }

  /** A batch failed: each event alone, so that a bad one holds up only itself. */
  async function oneByOne(opened: Opened[], error: Error): Promise<void> {
    log.warn(
      { error: error.message, events: opened.length },
      'a batch failed; its events are handled one by one',
    );
    for (const [i, { entry, event }] of opened.entries()) {
      try {
        const fresh = await waitOut(() => handleOnce({ db, group, handlers }, [event]));
        countHandled([event], fresh);
      } catch (failure) {
        const answer = databaseAnswer(failure);
        if (answer === 'wait') throw failure;
        // Those behind it may wait for the same lock: were each tried here, a full batch would take a quarter of an hour.
        if (answer !== 'fail') return setAside(opened.slice(i), failure as Error);
        log.warn(
          { event: event.id, type: event.type, error: (failure as Error).message },
          'event failed; it is tried again',
        );
        await waitOut(
          () => takeCustody(db, [custodyOf(entry, event)], failure as Error),
          WHATEVER_THE_SERVER,
        );
        metrics.handled.inc({ type: typeLabel(event), outcome: 'retried' });
      }
    }
  }

  /** Postgres could not finish the work: the events wait in the retry table, where they hold up no others. */
  async function setAside(opened: Opened[], error: Error): Promise<void> {
    log.warn(
      { error: error.message, events: opened.length },
      'Postgres could not do it; the events are set aside',
    );
    const custody = opened.map(({ entry, event }) => custodyOf(entry, event));
    await waitOut(() => takeCustody(db, custody), WHATEVER_THE_SERVER);
    for (const { event } of opened) metrics.handled.inc({ type: typeLabel(event), outcome: 'set aside' });
  }

  function countHandled(events: Envelope[], fresh: number): void {
    const now = Date.now();
    const duplicates = events.length - fresh;
    for (const event of events) {
      metrics.handled.inc({ type: typeLabel(event), outcome: 'handled' });
      metrics.delay.observe({ type: typeLabel(event) }, (now - Date.parse(event.time)) / 1000);
    }
    if (duplicates === 0) return;
    metrics.duplicates.inc(duplicates);
    log.debug({ duplicates }, 'events that were handled before are passed over');
  }

  async function acknowledge(entries: Entry[]): Promise<void> {
    const byStream = Map.groupBy(entries, (entry) => entry.stream);
    await Promise.all(
      [...byStream].map(([stream, list]) => redis.xack(stream, group, ...list.map(({ id }) => id))),
    );
  }

  /**
   * Entries that were delivered before and not acknowledged: their consumer died, or its acknowledgement was
   * lost. One of them may be what killed it, so Postgres takes them over and they are handled one by one.
   */
  async function takeOver(entries: Entry[]): Promise<void> {
    if (entries.length === 0) return;
    log.info({ entries: entries.length }, 'taking over entries that were delivered but not acknowledged');
    const custody: Custody[] = [];
    for (const entry of entries.filter(({ body }) => body !== '')) {
      const event = await open(entry);
      if (event) custody.push(custodyOf(entry, event));
    }
    await waitOut(() => takeCustody(db, custody), WHATEVER_THE_SERVER);
    await passOver(entries);
    await acknowledge(entries);
  }

  return { handle, handleAll, takeOver };
}

/** Types that nobody has heard of share one series: their number has no bound. */
const typeLabel = ({ type }: Envelope): string => (isEventType(type) ? type : 'other');
