import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { ownRedis } from '@orderflow/testing/own-redis';
import { expect, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { noteEffects } from '../test/note-effects.ts';
import { redrive } from './dead-letters.ts';

/** For processes that are started and killed on a machine that is busy. */
const patiently = { timeoutMs: 40_000 };

test('an event is acknowledged after its effect, and a second copy of it has none', async () => {
  const { send, start, effects, pending } = await consumerHarness();
  const orderId = await send(undefined, { copies: 3 });
  const other = await send();
  const { metrics } = start();
  await eventually(async () => expect(await effects()).toHaveLength(2));
  await eventually(async () => expect(await pending()).toBe(0));
  expect((await effects()).map((effect) => effect.orderId).sort()).toEqual([orderId, other].sort());
  expect(await metrics.registry.metrics()).toContain('messaging_events_duplicate_total{service="test"} 2');
});

test('a bad event in a batch holds up only itself, and is handled when its time has come', async () => {
  const { send, start, effects } = await consumerHarness();
  let failures = 3;
  const bad = await send('bad');
  const good = [await send(), await send(), await send()];
  const { lines } = start({
    handlers: {
      'order.cancelled': async (events, tx) => {
        if (events.some((event) => event.data.message === 'bad') && failures-- > 0)
          throw new Error('not yet');
        await noteEffects(events, tx);
      },
    },
  });
  await eventually(async () => expect(await effects()).toHaveLength(4));
  const attempts = new Map((await effects()).map(({ orderId, attempt }) => [orderId, attempt]));
  for (const orderId of good) expect(attempts.get(orderId)).toBe(1);
  expect(attempts.get(bad)).toBeGreaterThan(1);
  expect(lines.some((line) => line.msg === 'event handled at another attempt')).toBe(true);
});

test('an event that always fails becomes a dead letter, and is handled when it is redriven', async () => {
  const { db, send, start, effects, deadLetters, pending } = await consumerHarness();
  let broken = true;
  start({
    handlers: {
      'order.cancelled': async (events, tx) => {
        if (broken) throw new Error('a bug');
        await noteEffects(events, tx);
      },
    },
  });
  const orderId = await send();
  const [dead] = await eventually(async () => {
    const letters = await deadLetters();
    expect(letters).toHaveLength(1);
    return letters;
  });
  expect(dead).toMatchObject({ reason: 'failed', attempts: 12, group: 'payment' });
  expect(dead!.error).toContain('a bug');
  expect(await pending()).toBe(0);
  expect(await effects()).toEqual([]);
  broken = false;
  expect(await redrive(db, dead!.id)).toBe(true);
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
  expect(await deadLetters()).toEqual([]);
  expect(await redrive(db, dead!.id)).toBe(false);
});

test('what cannot be read or is of a future version is buried at once; unknown types are passed over', async () => {
  const { send, sendRaw, start, deadLetters, effects, pending } = await consumerHarness();
  await sendRaw('{"half":');
  await send(undefined, { changes: { dataschema: 'urn:orderflow:order.cancelled:9' } });
  await send(undefined, { changes: { type: 'order.gift-wrapped' as never } });
  const orderId = await send();
  start();
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
  await eventually(async () => expect(await pending()).toBe(0));
  const letters = await deadLetters();
  expect(letters.map((letter) => letter.reason)).toEqual(['unreadable', 'unreadable']);
  expect(letters.map((letter) => letter.error).join()).toMatch(/not JSON|urn:orderflow:order.cancelled:9/);
});

test.each([
  ['in a text', (id: string) => `{"id":"${id}","type":"order.cancelled","x":"a\0b"}`],
  ['between values', () => '{"half":\0'],
  ['escaped, in the name of a field', (id: string) => `{"id":"${id}","a\\u0000b":1}`],
])('a body with a zero byte %s becomes one dead letter and holds up nobody', async (_where, bodyFor) => {
  const { send, sendRaw, start, deadLetters, effects, pending } = await consumerHarness();
  const body = bodyFor(newId());
  await sendRaw(body);
  const orderId = await send();
  start();
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
  await eventually(async () => expect(await pending()).toBe(0));
  const [letter] = await deadLetters();
  expect(letter).toMatchObject({ reason: 'unreadable', body: body.replaceAll('\0', '\u0001') });
  await sendRaw(body);
  await eventually(async () => expect(await pending()).toBe(0));
  expect(await deadLetters()).toHaveLength(1);
});

test('a failure whose message has a zero byte is retried and becomes a dead letter like any other', async () => {
  const { send, start, deadLetters } = await consumerHarness();
  start({
    handlers: {
      'order.cancelled': async () => {
        throw new Error('cannot read a\0b');
      },
    },
  });
  await send();
  await eventually(async () =>
    expect(await deadLetters()).toMatchObject([{ reason: 'failed', attempts: 12 }]),
  );
});

test('a group that vanished is made again from the first entry on', async () => {
  const { redis, stream, send, start, effects } = await consumerHarness();
  start();
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(1));
  await redis.xgroup('DESTROY', stream, 'payment');
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(2));
});

test('what a dead consumer left is claimed by another once it has been idle for long', async () => {
  const { redis, stream, send, start, effects, pending } = await consumerHarness();
  const orderId = await send();
  await redis.xgroup('CREATE', stream, 'payment', '0');
  await redis.xreadgroup('GROUP', 'payment', 'dead', 'COUNT', 10, 'STREAMS', stream, '>');
  start({ handlerTimeoutMs: 100 });
  await eventually(async () => expect((await effects()).map((effect) => effect.orderId)).toEqual([orderId]));
  await eventually(async () => expect(await pending()).toBe(0));
});

test('sessions that Postgres terminates cost no event and count as no attempt', async () => {
  const { db, send, start, effects, deadLetters } = await consumerHarness();
  let terminations = 3;
  start({
    handlers: {
      'order.cancelled': async (events, tx) => {
        await noteEffects(events, tx);
        if (terminations-- > 0) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      },
    },
  });
  const sent = [];
  for (let i = 0; i < 20; i++) sent.push(await send());
  await eventually(async () => expect(await effects()).toHaveLength(20));
  expect((await effects()).map((effect) => effect.orderId)).toEqual(sent.sort());
  expect(terminations).toBeLessThan(0);
  expect(await deadLetters()).toEqual([]);
  expect(await db.query('SELECT 1 FROM messaging.retry')).toEqual([]);
});

test('an event that kills its consumer is given up on after three deaths, and the others are handled once', async () => {
  const { send, spawn, effects, deadLetters, pending } = await consumerHarness();
  const good: string[] = [];
  for (let i = 0; i < 5; i++) good.push(await send());
  const poison = await send('kill');
  for (let i = 0; i < 5; i++) good.push(await send());
  let deaths = 0;
  let over = false;
  let living = spawn('fragile');
  const watch = async () => {
    for (;;) {
      await living.exited;
      if (over) return;
      deaths += 1;
      living = spawn('fragile');
    }
  };
  void watch();
  try {
    const [letter] = await eventually(async () => {
      const letters = await deadLetters();
      expect(letters).toHaveLength(1);
      return letters;
    }, patiently);
    expect(letter!.reason).toBe('killed_consumer');
    expect(letter!.body).toContain(poison);
    await eventually(async () =>
      expect((await effects()).map((effect) => effect.orderId)).toEqual(good.sort()),
    );
    expect(await pending()).toBe(0);
    expect(deaths).toBe(4); // once in the batch, three times alone
  } finally {
    over = true; // the last one is stopped by the harness
  }
}, 90_000);

test('an event whose consumer is killed from outside in attempt after attempt is handled at last', async () => {
  const { db, send, spawn, effects, deadLetters, pending } = await consumerHarness();
  await db.query('CREATE TABLE gate ()');
  const orderId = await send('wait');
  let living = spawn('killed');
  await eventually(async () => expect(await pending()).toBe(1), patiently);
  for (let attempt = 1; attempt <= 4; attempt++) {
    living.child.kill('SIGKILL');
    await living.exited;
    living = spawn('killed');
    // It has been alive in its attempt for a second, as if it waited for a lock.
    await eventually(async () => {
      expect(await db.query('SELECT begun, forgiven FROM messaging.retry')).toEqual([
        { begun: attempt, forgiven: attempt },
      ]);
    }, patiently);
  }
  await db.query('INSERT INTO gate DEFAULT VALUES');
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 4 }]), patiently);
  expect(await deadLetters()).toEqual([]);
}, 90_000);

test('a consumer frozen in the middle of a batch past its claim time does nothing twice when it thaws', async () => {
  const { send, spawn, effects, pending } = await consumerHarness();
  const frozen = spawn('frozen');
  const orderId = await send('freeze');
  // It has delivered the entry to itself and stands still inside its transaction.
  await eventually(async () => expect(await pending()).toBe(1));
  spawn('other');
  await eventually(async () => expect((await effects()).map((effect) => effect.orderId)).toEqual([orderId]));
  frozen.child.kill('SIGCONT');
  const later = await send();
  await eventually(async () => expect(await effects()).toHaveLength(2));
  await eventually(async () => expect(await pending()).toBe(0));
  expect((await effects()).map((effect) => effect.orderId).sort()).toEqual([orderId, later].sort());
});

test('a Redis that is away for longer than a blocking read, and one that comes back empty, are read on from', async () => {
  const { server, redis, url } = await ownRedis();
  const { send, start, effects } = await consumerHarness({ redis, url, prefix: 'own:' });
  const { lines } = start({ blockMs: 100 });
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(1));

  server.kill('SIGKILL');
  await server.exited;
  // Long enough for several reads to fail, each longer than a BLOCK.
  await eventually(() => expect(interruptions()).toBeGreaterThan(2));
  await server.restart();
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(2));

  await server.stop();
  server.wipe();
  await server.restart();
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(3));

  function interruptions(): number {
    return lines.filter((line) => line.msg === 'reading was interrupted; starting over with a new connection')
      .length;
  }
});
