import { type TimelineView, timelineEntry } from '@orderflow/contracts/http/audit';
import { parseAs, readAnswer } from './answer.ts';
import { ApiError } from './errors.ts';
import { type Connection, describe, exchange, orNoAnswer } from './exchange.ts';
import { MAX_PAUSE_MS, pauseAfter } from './retries.ts';
import { type Block, readServerSentEvents, textOf } from './server-sent-events.ts';
import { patience, sleep } from './time.ts';

export type LiveEvent = {
  /** For `lastEventId`, to go on after this event another time. */
  id: string;
  entry: TimelineView['events'][number];
};

export type FollowOptions = {
  /** Only what came after this event is told. */
  lastEventId?: string;
  /** Ends the following, without an error. */
  signal?: AbortSignal;
  /** A stream without so much as a heartbeat for this long is taken for dead. OrderFlow's beats every 5 s. */
  quietMs?: number;
};

/**
 * The events of an order, those that were and then those to come, each once. A stream that ends, breaks or falls
 * silent is opened again and goes on after the last event, as long as it takes. Ends when the caller leaves the loop
 * or the signal fires. Throws ApiError when the server refuses for good, and ContractError.
 */
export async function* follow(
  connection: Connection,
  orderId: string,
  { lastEventId, signal, quietMs = 20_000 }: FollowOptions = {},
): AsyncGenerator<LiveEvent, void, undefined> {
  let retryMs = 1_000;
  let failures = 0;
  while (!signal?.aborted) {
    let pauseMs = 0;
    try {
      for await (const { id, data, retry } of open(connection, orderId, { lastEventId, signal, quietMs })) {
        failures = 0;
        retryMs = Math.min(retry ?? retryMs, MAX_PAUSE_MS);
        lastEventId = id ?? lastEventId;
        if (data !== undefined) {
          yield { id: lastEventId ?? '', entry: parseAs('watchOrder', timelineEntry, data) };
        }
      }
    } catch (error) {
      if (signal?.aborted) return;
      failures += 1;
      const longer = pauseAfter(error, failures);
      if (longer === undefined) throw error;
      pauseMs = longer;
    }
    // A service that stops ends all its streams at once: their clients should not come back as one.
    pauseMs = Math.max(pauseMs, retryMs * (1 + Math.random() / 4));
    await sleep(pauseMs, signal).catch(() => {});
  }
}

/** One stream, until it ends. */
async function* open(
  connection: Connection,
  orderId: string,
  { lastEventId, signal, quietMs }: FollowOptions & { quietMs: number },
): AsyncGenerator<Block> {
  const input = { params: { id: orderId }, headers: { 'last-event-id': lastEventId || undefined }, signal };
  const quiet = patience(quietMs, signal);
  const orBroken = <T>(work: Promise<T>) => orNoAnswer(work, 'watchOrder', input);
  try {
    const response = await exchange(connection, 'watchOrder', input, quiet.signal);
    const answer = await readAnswer('watchOrder', response, (refused) => orBroken(refused.text()));
    if (!answer.ok) throw new ApiError(describe('watchOrder', input), answer);
    const blocks = readServerSentEvents(renewing(textOf(answer.body.body!), quiet.renew));
    for (;;) {
      const { done, value } = await orBroken(blocks.next());
      if (done) return;
      yield value;
    }
  } finally {
    quiet.abort();
  }
}

/** Heartbeats count as signs of life too, so they are looked for before anything is parsed. */
async function* renewing(pieces: AsyncIterable<string>, renew: () => void): AsyncGenerator<string> {
  for await (const piece of pieces) {
    renew();
    yield piece;
  }
}
