import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { portsFrom } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';
import { newCustomer } from '../e2e/accounts.ts';
import { createApi } from '../e2e/api.ts';
import { createLedgers } from '../e2e/ledgers.ts';
import { drain } from './bench/load.ts';
import { residentMemory } from './bench/memory.ts';
import { measureRecovery } from './bench/recovery.ts';
import { measureRelay } from './bench/relay-rate.ts';
import { type Figure, holds, table } from './bench/report.ts';
import { createRounds, type Round } from './bench/round.ts';

const HELP = `npm run bench -- [options]

Starts OrderFlow on ports and data of its own, puts load on it over HTTP on 127.0.0.1, and prints what it did
beside what it must do. Afterwards every row, item and cent is counted; a wrong count fails the run.

  --rounds N     how often the loads are repeated, of which the median counts (default 3)
  --seconds N    how long each of the two loads of a round lasts (default 15)
  --warm-up N    so many orders are placed before, for V8 to have compiled what is measured (default 12000)
  --json FILE    where the figures go as JSON (default .orderflow/bench/result.json)
  --help         this text

Ports: ORDERFLOW_PORT_BASE (default 18080).`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '15' },
    'warm-up': { type: 'string', default: '12000' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const seconds = bounded('seconds', 600);
const warmUp = bounded('warm-up', 1_000_000);
const rounds = bounded('rounds', 100);

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.orderflow', 'bench');
const PRODUCTS = 20;
const CUSTOMERS = 20;
const say = (text: string) => console.log(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}`);

/** While services are killed, a request that the gateway refuses is what is measured and no error. */
let killing = false;
const isError = (line: string) => line.includes('"level":50') && !(killing && line.includes('"status":503'));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
let system: Awaited<ReturnType<typeof startSystem>> | undefined;
const startedAt = performance.now();
try {
  system = await startSystem({
    root,
    dataDir: folder,
    ports: portsFrom({ ORDERFLOW_PORT_BASE: '18080', ...process.env }),
    env: {
      DEMO: 'true',
      LOG_LEVEL: 'warn',
      ACCESS_TOKEN_SECONDS: '3600',
      RATE_LIMIT_PER_MINUTE: '1000000',
      RATE_LIMIT_AUTH_PER_MINUTE: '1000',
    },
    log: (service, line) => isError(line) && console.log(service, line),
    onProgress: say,
  });
  const figures = await measure(system, (performance.now() - startedAt) / 1000);
  console.log(`\n${table(figures)}\n`);
  const json = options.json ?? join(folder, 'result.json');
  writeFileSync(
    json,
    `${JSON.stringify({ at: new Date().toISOString(), rounds, seconds, warmUp, figures }, null, 2)}\n`,
  );
  console.log(`The figures as JSON: ${json}`);
  if (!figures.every(holds)) process.exitCode = 1;
} finally {
  await system?.stop();
}

function bounded(name: 'seconds' | 'rounds' | 'warm-up', highest: number): number {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= 1 && value <= highest) return value;
  console.error(`--${name} ${options[name]} is not a whole number from 1 to ${highest}.`);
  process.exit(64);
}

async function measure(
  system: Awaited<ReturnType<typeof startSystem>>,
  startSeconds: number,
): Promise<Figure[]> {
  const gatewayUrl = system.urls.gateway!;
  const api = createApi(gatewayUrl, system.internalToken);
  const customers = await Promise.all(
    Array.from({ length: CUSTOMERS }, () => newCustomer(gatewayUrl, system.internalToken)),
  );
  const tokens = customers.map(({ tokens }) => tokens.accessToken);
  const ledgers = createLedgers(system);
  const pids = [process.pid, ...[...system.services.values()].map((service) => service.pid!)];
  const memory = residentMemory(pids);
  const adminUrl = system.postgres.url();

  say('the relay of one service, from outbox to stream');
  const relay = await measureRelay({ adminUrl, redisUrl: system.redisUrl, rows: 50_000 });
  say(`the relay: ${Math.round(relay)} rows/s`);

  const products = await Promise.all(Array.from({ length: PRODUCTS }, () => api.createProduct(100_000_000)));
  const productIds = products.map((product) => product.id);
  await drain(ledgers.productsUnknownToOrders, () => {});
  const orders = createRounds({ gatewayUrl, adminUrl, productIds, tokens, ledgers, seconds, say });
  await orders.warmUp(warmUp);
  const measured: Round[] = [];
  while (measured.length < rounds) {
    say(`round ${measured.length + 1} of ${rounds}`);
    measured.push(await orders.measure());
  }

  say('killing each service once, and waiting until new orders complete again');
  killing = true;
  const recovery = await measureRecovery(system, api, productIds[0]!, say);
  killing = false;
  const expected = await orders.complete(recovery.placed);

  say('counting rows, items and cents');
  // What nobody waits for may still be on its way to the auditor.
  let wrong = await ledgers.violations();
  for (
    const until = performance.now() + 10_000;
    wrong.length > 0 && performance.now() < until;
    await sleep(200)
  ) {
    wrong = await ledgers.violations();
  }
  await ledgers.close();
  if (wrong.length > 0) throw new Error(`The books are wrong:\n${wrong.join('\n')}`);
  say(`all books are right: ${expected} orders`);

  return [
    {
      name: 'complete sagas over the floor',
      values: measured.map(({ peak, floor }) => peak / floor),
      unit: 'ratio',
      must: 0.15,
      goal: 1,
      better: 'more',
    },
    {
      name: 'complete sagas at the peak',
      values: measured.map(({ peak }) => peak),
      unit: '1/s',
      must: 350,
      goal: 2_500,
      better: 'more',
    },
    {
      name: 'the floor: seven commits a saga, no engine',
      values: measured.map(({ floor }) => floor),
      unit: '1/s',
      better: 'more',
    },
    {
      name: 'place order, p99 at half of the peak',
      values: measured.map(({ placeP99 }) => placeP99),
      unit: 'ms',
      must: 50,
      goal: 15,
      better: 'less',
    },
    {
      name: 'placed → paid, p95 at half of the peak',
      values: measured.map(({ paidP95 }) => paidP95),
      unit: 'ms',
      must: 200,
      goal: 30,
      better: 'less',
    },
    {
      name: 'relay, one service',
      values: [relay],
      unit: 'rows/s',
      must: 5_000,
      goal: 20_000,
      better: 'more',
    },
    {
      name: 'memory of all Node processes, idle (shared once)',
      values: memory ? [memory.pss] : [],
      unit: 'MB',
      must: 900,
      goal: 500,
      better: 'less',
    },
    {
      name: 'memory, shared pages counted in each',
      values: memory ? [memory.rss] : [],
      unit: 'MB',
      better: 'less',
    },
    { name: 'start to ready', values: [startSeconds], unit: 's', must: 20, goal: 8, better: 'less' },
    {
      name: 'killed process until new orders complete, worst',
      values: [recovery.worstSeconds],
      unit: 's',
      must: 15,
      goal: 5,
      better: 'less',
    },
    {
      name: 'orders, items, cents lost or doubled',
      values: [wrong.length],
      unit: '',
      must: 0,
      goal: 0,
      better: 'less',
    },
  ];
}
