import { groupsOf } from '@orderflow/contracts/groups';
import { eventually } from '@orderflow/testing/eventually';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ids, outboxWithRelay } from '../test/outbox-with-relay.ts';

const groups = groupsOf('order');

type Step = 'write' | 'begin' | 'commit' | 'publish' | 'acknowledge' | 'acknowledge in one group' | 'lose';

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>('write') },
    { weight: 3, arbitrary: fc.constant<Step>('begin') },
    { weight: 3, arbitrary: fc.constant<Step>('commit') },
    { weight: 4, arbitrary: fc.constant<Step>('publish') },
    { weight: 4, arbitrary: fc.constant<Step>('acknowledge') },
    { weight: 1, arbitrary: fc.constant<Step>('acknowledge in one group') },
    { weight: 2, arbitrary: fc.constant<Step>('lose') },
  ),
  { minLength: 10, maxLength: 30 },
);

/** An outbox whose transactions commit in any order, and groups that note what they have acknowledged. */
async function outboxInDisorder() {
  const outbox = await outboxWithRelay();
  const { db, redis, stream, start, write, writeLate, published, unpublished } = outbox;
  const relay = start('a', { upkeepMs: 0, lingerMs: 0 });
  const written: string[] = [];
  const acknowledged = new Map(groups.map((group) => [group, new Set<string>()]));
  const open: (() => Promise<void>)[] = [];

  async function acknowledge(group: (typeof groups)[number]): Promise<void> {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch(() => {}); // it exists
    const reply = (await redis.xreadgroup('GROUP', group, 'c', 'COUNT', 1000, 'STREAMS', stream, '>')) as
      | [string, [string, string[]][]][]
      | null;
    for (const [id, fields] of reply?.[0]?.[1] ?? []) {
      acknowledged.get(group)!.add(JSON.parse(fields.at(-1)!).subject);
      await redis.xack(stream, group, id);
    }
  }

  async function publish(): Promise<void> {
    await eventually(async () => expect(await unpublished()).toBe(0), { everyMs: 5 });
  }

  const SAFE = `
    SELECT safe_position > (SELECT coalesce(max(position), 0) FROM messaging.outbox) AS all FROM messaging.relay`;

  /** Every group acknowledges all there is, until the safe point lies above it. */
  async function acknowledgeAll(): Promise<void> {
    const isSafe = async () => {
      await publish();
      for (const group of groups) await acknowledge(group);
      await db.transaction(async (tx) => tx.wakeAfterCommit('outbox')); // the relay looks at once
      expect(await db.query(SAFE)).toEqual([{ all: true }]);
    };
    await eventually(isSafe, { everyMs: 5 });
  }

  return {
    async take(step: Step): Promise<void> {
      const [order] = ids(1);
      switch (step) {
        case 'write':
          written.push(order!);
          return write([order!]);
        case 'begin':
          written.push(order!);
          open.push(await writeLate(order!));
          return;
        case 'commit':
          return open.shift()?.();
        case 'publish':
          return publish();
        case 'acknowledge':
          return acknowledgeAll();
        case 'acknowledge in one group':
          return acknowledge('inventory');
        case 'lose':
          // As if the clock had been ahead: the position alone has to find what is lost.
          await db.query("UPDATE messaging.relay SET safe_at = 'infinity'");
          await redis.del(stream);
          return;
        default:
          step satisfies never;
      }
    },
    async end(): Promise<{ needed: string[]; inStream: () => Promise<Set<string>> }> {
      for (const commit of open) await commit();
      const needed = written.filter((order) => groups.some((group) => !acknowledged.get(group)!.has(order)));
      return {
        needed,
        inStream: async () => new Set((await published()).map(({ subject }) => subject)),
      };
    },
    stop: relay.stop,
  };
}

test('whatever some group has not acknowledged is in the stream again after a loss, in any order of commits', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const outbox = await outboxInDisorder();
      for (const step of script) await outbox.take(step);
      const { needed, inStream } = await outbox.end();
      await eventually(async () => {
        const found = await inStream();
        expect(needed.filter((order) => !found.has(order))).toEqual([]);
      });
      await outbox.stop();
    }),
    {
      numRuns: 8,
      examples: [
        // A position that commits after the safe point has passed it, and is lost.
        [['begin', 'write', 'acknowledge', 'commit', 'publish', 'lose']],
        [
          [
            'begin',
            'write',
            'acknowledge',
            'commit',
            'publish',
            'write',
            'publish',
            'lose',
            'publish',
            'lose',
          ],
        ],
      ],
    },
  );
}, 60_000);
