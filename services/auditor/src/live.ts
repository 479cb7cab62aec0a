import { fullJitter } from '@orderflow/messaging/backoff';
import { createWaker } from '@orderflow/messaging/waker';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { createShares } from '@orderflow/service-kit/shares';
import type { Response } from 'express';
import { streamProblem } from './live-problems.ts';
import { createLiveMetrics } from './metrics.ts';
import { onKept } from './operations/keep-events.ts';
import { type NumberedEvent, PER_ORDER, readNews } from './read-news.ts';
import { toServerSentEvent } from './server-sent-event.ts';

type Stream = {
  orderId: string;
  /** The number of the last event that was written to it. */
  after: number;
  res: Response;
  /** The account that watches; undefined for a part of OrderFlow. */
  account: string | undefined;
  openedAt: number;
  /** Since when its client has not taken all that was written. */
  behindSince: number | undefined;
};

type Followed = Pick<Stream, 'orderId' | 'after' | 'account'>;

type Options = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  /** Streams that are open at once. */
  maxStreams: number;
  /** Of these, streams of one account. */
  perAccount?: number;
  /** How long what another replica kept may go unseen; what this process keeps is seen at once. */
  pollMs?: number;
  /** Below the time-outs of the proxies on the way. */
  heartbeatMs?: number;
  /** A client that takes nothing for this long is let go. */
  slowMs?: number;
  /** After this long a stream ends, and its client comes back with a token of today. */
  maxAgeMs?: number;
};

/** Bytes that wait for a client before no more is read for it. */
const MAX_BUFFERED = 256 * 1024;

const isFull = ({ res }: Stream): boolean => res.writableLength >= MAX_BUFFERED;

/** How long a client may take to take the end of its stream when the service stops. */
const STOP_MS = 500;

/** Orders whose news are read by one statement. */
const ORDERS_PER_READ = 100;

/**
 * The open streams of live events. One loop reads for all of them what each has not been told yet, the past and the
 * present alike, so nothing falls between the two. A stream whose client does not keep up is not read for: its
 * events wait in Postgres, not in memory.
 */
export function startLiveEvents({
  db,
  scope,
  maxStreams,
  perAccount = 20,
  pollMs = 500,
  heartbeatMs = 5_000,
  slowMs = 10_000,
  maxAgeMs = 15 * 60_000,
}: Options) {
  const streams = new Set<Stream>();
  const shares = createShares({ total: maxStreams, each: perAccount });
  const log = scope.log.child({ part: 'live events' });
  const metrics = createLiveMetrics(scope.metrics);
  const loop = scope.health.watchLoop('live events', 60_000);
  const waker = createWaker();
  const stopListening = onKept(db, waker.wake);
  let stopping = false;

  /**
   * Answers with every event of an order after a number, and then with those to come. Throws `rate_limited` when the
   * account has its share of streams, `unavailable` when there are no more for anybody.
   */
  function follow(res: Response, { orderId, after, account }: Followed): void {
    if (stopping) throw streamProblem.total();
    if (res.destroyed) return; // left while we looked the order up; nothing would tell us again
    const isHead = res.req.method === 'HEAD';
    const exceeded = isHead ? undefined : shares.take(account);
    if (exceeded) {
      metrics.refused.inc({ why: exceeded });
      throw streamProblem[exceeded]();
    }
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (isHead) return void res.end();
    const stream: Stream = { orderId, after, res, account, openedAt: Date.now(), behindSince: undefined };
    streams.add(stream);
    metrics.open.set(streams.size);
    res.once('close', () => leave(stream, 'left'));
    res.on('drain', () => {
      stream.behindSince = undefined;
      waker.wake();
    });
    write(stream, 'retry: 1000\n\n');
    waker.wake();
  }

  function write(stream: Stream, text: string): void {
    if (!stream.res.write(text)) stream.behindSince ??= Date.now();
  }

  function leave(stream: Stream, why: string): void {
    if (!streams.delete(stream)) return;
    shares.giveBack(stream.account);
    metrics.open.set(streams.size);
    metrics.ended.inc({ why });
  }

  function end(stream: Stream, why: 'slow' | 'aged' | 'stopped'): void {
    leave(stream, why);
    if (why === 'slow') return void stream.res.destroy();
    stream.res.end();
    // A client that takes nothing does not take the end either.
    const timer = setTimeout(() => stream.res.destroy(), why === 'stopped' ? STOP_MS : slowMs);
    stream.res.once('close', () => clearTimeout(timer));
  }

  /** Writes what is new to every stream that takes it. True when there may be more. */
  async function tellNews(): Promise<boolean> {
    let more = false;
    // Those that come or drain while we read were not asked for: what is read may begin after what they miss.
    const byOrder = Map.groupBy(
      [...streams].filter((stream) => !isFull(stream)),
      ({ orderId }) => orderId,
    );
    const asked = [...byOrder].map(([orderId, followers]) => ({
      orderId,
      after: Math.min(...followers.map(({ after }) => after)),
    }));
    for (let i = 0; i < asked.length; i += ORDERS_PER_READ) {
      loop.beat();
      const news = await readNews(db, asked.slice(i, i + ORDERS_PER_READ));
      for (const [orderId, events] of Map.groupBy(news, (event) => event.orderId)) {
        more ||= events.length === PER_ORDER;
        for (const stream of byOrder.get(orderId)!) tell(stream, events);
      }
    }
    return more;
  }

  function tell(stream: Stream, events: NumberedEvent[]): void {
    for (const event of events) {
      if (!streams.has(stream) || isFull(stream)) return;
      if (event.position <= stream.after) continue;
      write(stream, toServerSentEvent(event));
      stream.after = event.position;
    }
  }

  const heart = setInterval(() => {
    const now = Date.now();
    for (const stream of streams) {
      if (stream.behindSince !== undefined && now - stream.behindSince >= slowMs) end(stream, 'slow');
      else if (now - stream.openedAt >= maxAgeMs) end(stream, 'aged');
      else write(stream, ': alive\n\n');
    }
  }, heartbeatMs);

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      loop.beat();
      try {
        const more = await tellNews();
        failures = 0;
        if (!more) await waker.wait(pollMs);
      } catch (error) {
        failures += 1;
        log.warn({ error: (error as Error).message }, 'cannot read what is new; the streams wait');
        await waker.wait(fullJitter(failures, { baseMs: 100, capMs: 2_000 }));
      }
    }
  }

  const running = run();
  return {
    follow,
    /** Ends all streams at once: their clients go on at another replica, from where they are. */
    async stop(): Promise<void> {
      stopping = true;
      stopListening();
      clearInterval(heart);
      for (const stream of streams) end(stream, 'stopped');
      waker.wake();
      await running;
      loop.done();
    },
  };
}

export type LiveEvents = ReturnType<typeof startLiveEvents>;
