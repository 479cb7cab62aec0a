import { createDatabase } from '@orderflow/service-kit/database';
import { setReadOnly } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { noteEffects } from '../test/note-effects.ts';

/** A consumer whose statements may take `timeoutMs`, and a second pool of its database that may take its time. */
async function withPatientPool({ timeoutMs = 300 } = {}) {
  const harness = await consumerHarness(testRedis(), { timeoutMs });
  const other = createDatabase({ url: harness.db.url, service: 'other', log: silentLog, timeoutMs: 60_000 });
  onTestFinished(() => other.close());
  /** Runs `during` while another transaction holds the table of effects. */
  const whileLocked = (during: () => Promise<void>) =>
    other.transaction(async (tx) => {
      await tx.query('LOCK TABLE effects IN ACCESS EXCLUSIVE MODE');
      await during();
    });
  return { ...harness, whileLocked };
}

const setAside = 'Postgres could not do it; the event waits';

test('a locked table costs no event an attempt, and no loop its life', async () => {
  const { send, start, whileLocked, retries, deadLetters, effects } = await withPatientPool();
  const scope = testScope();
  const { watchLoop, ...health } = scope.health;
  // A loop that handles events and does not beat for a few statements is stuck.
  const strict: typeof scope.health = {
    ...health,
    watchLoop: (name, maxSilenceMs) =>
      watchLoop(name, ['consumer', 'retries'].includes(name) ? 2_000 : maxSilenceMs),
  };
  const sent: string[] = [];
  const stuck = new Set<string>();
  await whileLocked(async () => {
    for (let i = 0; i < 30; i++) sent.push(await send());
    start({ scope: { ...scope, health: strict } });
    await eventually(() => {
      for (const name of health.stuckLoops()) stuck.add(name);
      expect(scope.lines.filter(({ msg }) => msg === setAside).length).toBeGreaterThan(7);
    });
    const rows = await retries();
    expect(rows).toHaveLength(30);
    for (const { begun, ended } of rows) {
      expect(ended).toBe(0);
      expect(begun).toBeLessThan(2);
    }
  });
  await eventually(async () =>
    expect((await effects()).map(({ orderId }) => orderId).sort()).toEqual(sent.sort()),
  );
  expect([...stuck]).toEqual([]);
  expect(await deadLetters()).toEqual([]);
});

test('an event whose own statement always takes too long waits by itself, holds up no other and is not given up', async () => {
  const { send, start, retries, deadLetters, effects, pending } = await withPatientPool();
  const { lines } = start({
    handlers: {
      'order.cancelled': async (events, tx) => {
        if (events.some((event) => event.data.message === 'slow')) await tx.query('SELECT pg_sleep(30)');
        await noteEffects(events, tx);
      },
    },
  });
  await send('slow');
  await eventually(() => expect(lines.map(({ msg }) => msg)).toContain(setAside));
  const orderId = await send();
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
  await eventually(() => expect(lines.filter(({ msg }) => msg === setAside).length).toBeGreaterThan(2));
  await eventually(async () =>
    expect(await retries()).toEqual([
      { begun: 0, ended: 0, error: expect.stringContaining('statement timeout') },
    ]),
  );
  expect(await pending()).toBe(0);
  expect(await deadLetters()).toEqual([]);
});

test.each(['40001', '40P01'])(
  'work that loses against others (%s) is repeated in its place',
  async (state) => {
    const { send, start, effects } = await withPatientPool();
    let losses = 3;
    const { lines } = start({
      handlers: {
        'order.cancelled': async (events, tx) => {
          if (losses-- > 0) await tx.query(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${state}'; END $$`);
          await noteEffects(events, tx);
        },
      },
    });
    const orderId = await send();
    await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
    expect(lines.map(({ msg }) => msg)).not.toContain('event failed; it is tried again');
  },
);

test('while Postgres is read-only, as after a failover, events wait in hand', async () => {
  const { send, start, db, effects, retries } = await withPatientPool();
  await setReadOnly(db, true);
  const { lines } = start();
  const orderId = await send();
  const waits = () => lines.filter(({ msg }) => msg === 'Postgres cannot do it now; the events wait');
  await eventually(() => expect(waits().length).toBeGreaterThan(2));
  expect(JSON.stringify(waits()[0])).toContain('read-only');
  expect(await retries()).toEqual([]);
  await setReadOnly(db, false);
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
});
