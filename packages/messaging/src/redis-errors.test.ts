import { readFile } from 'node:fs/promises';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { eventually } from '@orderflow/testing/eventually';
import { failingRedis } from '@orderflow/testing/failing-redis';
import { testRedis } from '@orderflow/testing/redis';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { ensureGroups } from './ensure-groups.ts';
import { appendToOutbox } from './outbox.ts';
import { startRelay } from './relay.ts';

/** The errors that docs/errors.md lists as replies of Redis. */
async function listedErrors(): Promise<string[]> {
  const page = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('## Redis'));
  return [...table.matchAll(/^\| `([A-Z]+)` /gm)].map(([, code]) => code!);
}

/** Errors to which there is an answer of their own: each has further tests. */
const special = ['OOM', 'NOGROUP', 'BUSYGROUP'];

test('whatever Redis answers, events wait in the outbox and in the stream, and are handled once when it works again', async () => {
  const { url, redis: direct, prefix } = testRedis();
  const way = await failingRedis(url);
  const redis = createCommandClient({ url: way.url, name: 'test', log: silentLog });
  onTestFinished(() => redis.disconnect());
  const { db, start, effects, deadLetters, retries } = await consumerHarness({ redis, url: way.url, prefix });
  const scope = testScope();
  const relay = startRelay({ service: 'order', db, redis, scope, instance: 'a', prefix });
  onTestFinished(() => relay.stop());
  const consumer = start();
  const said = (part: string, lines: Record<string, unknown>[], from: number, code: string) =>
    expect(JSON.stringify(lines.slice(from)), `${part} has not met ${code}`).toContain(code);

  const codes = (await listedErrors()).filter((code) => !special.includes(code));
  expect(codes.length).toBeGreaterThan(10);
  for (const [i, code] of codes.entries()) {
    const seen = [scope.lines.length, consumer.lines.length] as const;
    way.answer(`${code} made by a test`);
    const orderId = crypto.randomUUID();
    await db.transaction(async (tx) =>
      appendToOutbox(tx, [
        {
          type: 'order.cancelled',
          subject: orderId,
          sequence: 1,
          orderId,
          data: { orderId, reason: 'out_of_stock' },
          cause: { correlationId: 'c', actor: 'test' },
        },
      ]),
    );
    await eventually(() => said('the relay', scope.lines, seen[0], code));
    await eventually(() => said('the consumer', consumer.lines, seen[1], code));
    expect(await effects()).toHaveLength(i);
    way.answer(undefined);
    await eventually(async () => expect(await effects()).toHaveLength(i + 1));
  }
  expect((await effects()).map(({ attempt }) => attempt)).toEqual(codes.map(() => 1));
  expect(await retries()).toEqual([]);
  expect(await deadLetters()).toEqual([]);
  expect(scope.health.stuckLoops()).toEqual([]);
  expect(await direct.ping()).toBe('PONG');
}, 60_000);

test('of replicas that create a group at once, those that come late (BUSYGROUP) find it', async () => {
  const { redis, prefix } = testRedis();
  const found = await Promise.all(
    Array.from({ length: 5 }, () => ensureGroups(redis, `${prefix}s`, ['payment'])),
  );
  expect(found).toEqual(found.map(() => ['payment']));
});
