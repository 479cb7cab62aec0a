import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '@orderflow/testing/eventually';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { commandLineOf } from './command-line.ts';
import { fakeCheckout } from './fixtures/fake-checkout.ts';
import { isPortFree } from './ports.ts';
import { type SystemOptions, startSystem } from './system.ts';

const quiet = { log: () => {}, onProgress: () => {} };

async function start(options: Partial<SystemOptions> = {}) {
  const checkout = await fakeCheckout();
  const system = await startSystem({ ...checkout, ...quiet, ...options });
  onTestFinished(() => system.stop());
  return { ...checkout, system };
}

async function envOf(url: string | undefined): Promise<Record<string, string>> {
  const response = await fetch(`${url}/env`);
  return Object.fromEntries(
    Object.entries(Object(await response.json())).map(([key, value]) => [key, String(value)]),
  );
}

test('each service gets its own database, the addresses it needs and nothing else of the environment', async () => {
  const { system, ports } = await start({ env: { DEMO: 'true' } });
  const shop = await envOf(system.urls.shop);
  const depot = await envOf(system.urls.depot);

  expect(shop).toMatchObject({
    PORT: String(ports.shop),
    HOST: '127.0.0.1',
    DEMO: 'true',
    DEPOT_URL: `http://127.0.0.1:${ports.depot}`,
    MAIL_URL: `smtp://127.0.0.1:${ports.smtp}`,
    REDIS_URL: system.redisUrl,
    INTERNAL_TOKEN: system.internalToken,
  });
  expect(depot).toMatchObject({ SMTP_PORT: String(ports.smtp) });
  const known = [
    'PATH',
    'HOME',
    'TZ',
    'NODE_ENV',
    'NODE_COMPILE_CACHE',
    'NODE_CHANNEL_FD',
    'NODE_CHANNEL_SERIALIZATION_MODE',
    'LOG_LEVEL',
    'DEMO',
  ];
  const own = ['HOST', 'PORT', 'INTERNAL_TOKEN', 'SMTP_PORT'];
  expect(Object.keys(depot).filter((name) => ![...known, ...own].includes(name))).toEqual([]);

  const sql = 'select current_user as role, current_database() as database';
  expect(await query(shop.DATABASE_URL, sql)).toEqual([
    { role: 'orderflow_shop', database: 'orderflow_shop' },
  ]);
});

test('a service that is killed is back by itself, and stop leaves no port open', async () => {
  const { system, ports } = await start();
  const shop = system.services.get('shop');
  shop?.kill();
  await eventually(() => expect(shop?.restarts).toBe(1));
  await eventually(async () => expect(await envOf(system.urls.shop)).toMatchObject({ HOST: '127.0.0.1' }));
  await system.stop();
  expect(await Promise.all(Object.values(ports).map(isPortFree))).not.toContain(false);
});

test('a service that does not come up is named with the end of its log, and everything else is ended', async () => {
  const checkout = await fakeCheckout();
  const starting = startSystem({ ...checkout, ...quiet, env: { FAIL: 'the moon is full' } });
  await expect(starting).rejects.toThrow(
    /(shop|depot) ended again and again[\s\S]*cannot start: the moon is full/,
  );
  expect(await Promise.all(Object.values(checkout.ports).map(isPortFree))).not.toContain(false);
});

test('a supervisor that is killed takes everything with it, and the next one finds the data', async () => {
  const checkout = await fakeCheckout();
  const program = join(import.meta.dirname, 'fixtures/supervisor.ts');
  const supervisor = spawn(process.execPath, [program, JSON.stringify(checkout)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [report] = await once(createInterface(supervisor.stdout), 'line');
  const { pids, database }: { pids: number[]; database: string } = JSON.parse(report);
  expect(pids.map(commandLineOf)).not.toContain('');
  await query(database, 'create table note as select 42 as answer');

  supervisor.kill('SIGKILL');
  await eventually(() => expect(pids.map(commandLineOf).filter(Boolean)).toEqual([]), { timeoutMs: 25_000 });
  const { system } = await start(checkout);
  expect(await query(system.postgres.url('orderflow_shop'), 'select answer from note')).toEqual([
    { answer: 42 },
  ]);
}, 60_000);

async function query(url: string | undefined, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
