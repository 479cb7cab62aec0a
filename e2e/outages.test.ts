import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@orderflow/contracts/ids';
import { streamKey } from '@orderflow/messaging/stream';
import { eventually } from '@orderflow/testing/eventually';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startUnderLoad, type UnderLoad } from './under-load.ts';

let run: UnderLoad;
beforeAll(async () => {
  run = await startUnderLoad();
}, 120_000);
afterAll(() => run?.system.stop(), 60_000);

const consuming = ['order', 'inventory', 'payment', 'notification', 'customer', 'auditor'];

const countOf = (service: string, message: string) =>
  run.system.logged(service).filter((line) => line.msg === message).length;

/** Until each service has noticed so many times more that Redis is away. */
async function everyServiceNoticed(times: number): Promise<void> {
  const message = 'reading was interrupted; starting over with a new connection';
  const before = new Map(consuming.map((service) => [service, countOf(service, message)]));
  for (const service of consuming) {
    await eventually(
      () => expect(countOf(service, message)).toBeGreaterThanOrEqual(before.get(service)! + times),
      {
        timeoutMs: 30_000,
      },
    );
  }
}

function redisClient(): Redis {
  const redis = new Redis(run.system.redisUrl);
  onTestFinished(() => redis.disconnect());
  return redis;
}

test('Redis is killed for longer than a blocking read: orders are accepted all the while and complete after', async () => {
  const redis = run.system.redis!;
  await run.placeDuring(async () => {
    redis.kill('SIGKILL');
    await redis.stop(); // or the supervisor would bring it back
    await everyServiceNoticed(4);
    await redis.restart();
  });
  await run.survived();
}, 120_000);

test('Redis comes back without any of its data: the outboxes are published again, nothing is done twice', async () => {
  const redis = run.system.redis!;
  await run.placeDuring(async () => {
    await redis.stop();
    redis.wipe();
    await redis.restart();
  });
  await run.place(10);
  await run.survived();
  const [replays] = await run.ledgers.rows<{ n: number }>(
    'order',
    'SELECT replays AS n FROM messaging.relay',
  );
  expect(replays!.n).toBeGreaterThan(0);
}, 120_000);

test('Redis comes back with data that is damaged in the middle: it starts empty, and the outboxes are published again', async () => {
  const redis = run.system.redis!;
  const replays = async () =>
    (await run.ledgers.rows<{ n: number }>('order', 'SELECT replays AS n FROM messaging.relay'))[0]!.n;
  const [, data = ''] = await redisClient().config('GET', 'dir');
  const before = await replays();
  await run.place(20);
  await run.placeDuring(async () => {
    await redis.stop();
    overwriteMiddle(join(data, 'appendonlydir'));
    await redis.restart();
  });
  await run.place(10);
  await run.survived();
  expect(await replays()).toBeGreaterThan(before);
}, 120_000);

/** Overwrites the middle third of the file of commands that Redis appends to: less could hit the text of one event only. */
function overwriteMiddle(folder: string): void {
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!);
  const bytes = readFileSync(file);
  expect(bytes.length).toBeGreaterThan(30_000);
  const third = Math.floor(bytes.length / 3);
  writeFileSync(file, bytes.fill(0xff, third, 2 * third));
}

test('FLUSHALL under load, three times: nothing is lost or doubled', async () => {
  const redis = redisClient();
  for (let i = 0; i < 3; i++) {
    await run.placeDuring(async () => {
      await run.place(10);
      await redis.flushall();
    });
  }
  await run.survived();
}, 120_000);

test('Postgres restarts under load: what was accepted before and after completes', async () => {
  await run.placeDuring(() => run.system.postgres.restart());
  await eventually(async () => {
    const before = run.accepted.size;
    await run.place(1);
    expect(run.accepted.size).toBeGreaterThan(before);
  });
  await run.survived();
}, 120_000);

test('all Postgres sessions are terminated under load, five times', async () => {
  for (let i = 0; i < 5; i++) {
    await run.placeDuring(() =>
      run.ledgers.rows(
        'order',
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE $1',
        ['orderflow_%'],
      ),
    );
  }
  await run.survived();
}, 120_000);

test.each(['order', 'inventory', 'payment', 'notification'])(
  '%s is frozen past its claim time while another replica works, and thaws: nothing is done twice',
  async (service) => {
    const replica = await run.system.startReplica(service);
    onTestFinished(() => replica.stop());
    await run.place(40);
    run.system.process(service).kill('SIGSTOP');
    // What it had in hand is claimed by the other once it was idle for long; the rest the other reads at once.
    await eventually(async () => expect(await run.ledgers.incomplete(run.accepted.size)).toBe(0), {
      timeoutMs: 40_000,
    });
    run.system.process(service).kill('SIGCONT');
    await run.place(10);
    await run.survived();
  },
  120_000,
);

test('two replicas of every service at once, both relays among them: nothing is lost or doubled', async () => {
  const replicas = await Promise.all(consuming.map((service) => run.system.startReplica(service)));
  onTestFinished(async () => void (await Promise.all(replicas.map((replica) => replica.stop()))));
  // A lease that two hold in turn is two relays at once.
  await run.placeDuring(async () => {
    for (let i = 0; i < 20; i++) {
      for (const service of ['order', 'inventory', 'payment']) {
        await run.ledgers.rows(service, "UPDATE messaging.relay SET lease_until = '-infinity'");
      }
    }
  });
  await run.survived();
}, 120_000);

test('events that cannot be read, or are of a future version, become dead letters and hold up nobody', async () => {
  const redis = redisClient();
  const future = {
    specversion: '1.0',
    id: newId(),
    type: 'order.confirmed',
    source: 'order',
    subject: newId(),
    time: new Date().toISOString(),
    dataschema: 'urn:orderflow:order.confirmed:99',
    sequence: 1,
    correlationid: 'c',
    actor: 'test',
    attempt: 1,
    data: {},
  };
  await redis.xadd(streamKey('order'), '*', 'event', '{"half');
  await redis.xadd(streamKey('order'), '*', 'event', JSON.stringify(future));
  await run.place(10);
  const letters = () =>
    run.ledgers.rows<{ reason: string }>('payment', 'SELECT reason FROM messaging.dead_letter');
  await eventually(async () =>
    expect(await letters()).toEqual([{ reason: 'unreadable' }, { reason: 'unreadable' }]),
  );
  await eventually(async () => expect(await run.ledgers.incomplete(run.accepted.size)).toBe(0), {
    timeoutMs: 20_000,
  });
  for (const service of consuming) await run.ledgers.rows(service, 'DELETE FROM messaging.dead_letter');
  await run.ledgers.rows('auditor', 'DELETE FROM events WHERE event_id = $1', [future.id]);
  await run.survived();
}, 60_000);
