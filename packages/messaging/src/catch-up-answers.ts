import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@orderflow/contracts/events';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Redis } from 'ioredis';
import { fullJitter } from './backoff.ts';
import {
  answerKey,
  type CatchUpPage,
  type CatchUpRequest,
  catchUpRequest,
  requestsKey,
} from './catch-up-protocol.ts';
import { ALL_TYPES } from './catch-up-rows.ts';
import { cutsKey } from './cut-loose.ts';
import { streamKey } from './stream.ts';

/** Rows in a page: with its events no page takes more than about a megabyte of Redis. */
const PAGE_ROWS = 500;

/** Positions that a page looks at: a rare type must not make it read the whole outbox. */
const PAGE_POSITIONS = 20_000;

/** An answer that nobody fetches leaves Redis after this time. */
const ANSWER_LIVES_MS = 30_000;

const LOOK_EVERY_MS = 500;

const ENDS = 'SELECT min(position) AS lowest, max(position) AS highest FROM messaging.outbox';

const PAGE = `
  SELECT position, type, envelope::text AS body FROM messaging.outbox
  WHERE position > $1 AND position <= $2 AND ($3 = '*' OR type = $3) ORDER BY position LIMIT ${PAGE_ROWS}`;

/** Reads a page of the outbox: events of a type, or of all with `*`, after a position, published or not. */
async function readPage(
  db: Database,
  { type, after }: { type: string; after: number },
): Promise<CatchUpPage> {
  // First: an event that is committed later than this, at whatever position, is published later and read from the stream.
  const [ends] = await db.query<{ lowest: number | null; highest: number | null }>(ENDS);
  if (!ends || ends.lowest === null || ends.highest === null) return { after, end: true, rows: [] };
  const start = Math.max(after, ends.lowest - 1);
  const last = Math.min(start + PAGE_POSITIONS, ends.highest);
  const rows = await db.query<CatchUpPage['rows'][number]>(PAGE, [start, last, type]);
  const reached = rows.length === PAGE_ROWS ? rows.at(-1)!.position : Math.max(start, last);
  return { after: reached, end: reached >= ends.highest, rows };
}

const MOVE_CUT = `
  UPDATE messaging.cut_loose SET from_position = greatest(from_position, $4)
  WHERE stream = $1 AND consumer_group = $2 AND cut_id = $3`;

const FORGET_CUT =
  'DELETE FROM messaging.cut_loose WHERE stream = $1 AND consumer_group = $2 AND cut_id = $3';

type Options = {
  service: ServiceName;
  db: Database;
  redis: Redis;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  prefix?: string;
};

/**
 * Answers groups that ask for events of this service's outbox, page by page. Any replica may answer, and keeps nothing
 * about it: the group knows how far it has come, and asks again when an answer does not arrive.
 */
export function startCatchUpAnswers({ service, db, redis, scope, prefix }: Options) {
  const stream = streamKey(service, prefix);
  const log = scope.log.child({ part: 'catch-up answers' });
  const loop = scope.health.watchLoop('catch-up answers', 60_000);
  const stopped = new AbortController();

  async function answer(field: string, text: string): Promise<void> {
    // The replica that deletes the request answers it.
    if ((await redis.hdel(requestsKey(stream), field)) === 0) return;
    const request = catchUpRequest.parse(JSON.parse(text));
    const page = await readPage(db, request);
    await moveCut(request, page);
    await redis.set(answerKey(stream, request.id), JSON.stringify(page), 'PX', ANSWER_LIVES_MS);
  }

  /**
   * The group has this cut in its own Postgres now, and what it has read since need not be kept for it. The cut is
   * forgotten with the last page; one that was made meanwhile has another id, and stays.
   */
  async function moveCut({ group, type, after, cutId }: CatchUpRequest, { end }: CatchUpPage): Promise<void> {
    if (!cutId) return;
    // A group that asks for each type by itself has no single position: its rows are kept by their age.
    const over = end || type !== ALL_TYPES;
    await db.query(over ? FORGET_CUT : MOVE_CUT, [stream, group, cutId, ...(over ? [] : [after + 1])]);
    if (over) await redis.hdel(cutsKey(stream), group);
  }

  /** Returns whether anybody asked. */
  async function round(): Promise<boolean> {
    const requests = Object.entries(await redis.hgetall(requestsKey(stream)));
    for (const [field, text] of requests) await answer(field, text);
    return requests.length > 0;
  }

  async function run(): Promise<void> {
    let failures = 0;
    let busyUntil = 0;
    while (!stopped.signal.aborted) {
      loop.beat();
      try {
        if (await round()) busyUntil = performance.now() + 1_000;
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 3) log.warn({ error: (error as Error).message }, 'requests to catch up wait');
      }
      const pause = performance.now() < busyUntil ? 10 : LOOK_EVERY_MS;
      const waitMs = failures > 0 ? pause + fullJitter(failures, { baseMs: 50, capMs: 2_000 }) : pause;
      await sleep(waitMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    async stop(): Promise<void> {
      stopped.abort();
      await running;
      loop.done();
    },
  };
}
