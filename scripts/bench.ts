import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { portsFrom } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';
import { register } from '../e2e/accounts.ts';
import { createApi } from '../e2e/api.ts';
import { createLedgers } from '../e2e/ledgers.ts';
import { measureFloor } from './bench/floor.ts';
import { drain, placeOrders } from './bench/load.ts';
import { residentMemory } from './bench/memory.ts';
import { measureRecovery } from './bench/recovery.ts';
import { measureRelay } from './bench/relay-rate.ts';
import { type Figure, holds, table } from './bench/report.ts';

const HELP = `npm run bench -- [options]

Starts OrderFlow on ports and data of its own, puts load on it over HTTP on 127.0.0.1, and prints what it did
beside what it must do. Afterwards every row, item and cent is counted; a wrong count fails the run.

  --seconds N    how long each of the two loads lasts (default 20)
  --json FILE    where the figures go as JSON (default .orderflow/bench/result.json)
  --help         this text

Ports: ORDERFLOW_PORT_BASE (default 18080).`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const seconds = Number(options.seconds);
if (!(seconds >= 1 && seconds <= 600)) {
  console.error(`--seconds ${options.seconds} is not a number from 1 to 600.`);
  process.exit(64);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.orderflow', 'bench');
const PRODUCTS = 20;
const CUSTOMERS = 20;
const CONNECTIONS = 64;
const say = (text: string) => console.log(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}`);

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
    log: (service, line) => line.includes('"level":50') && console.log(service, line),
    onProgress: say,
  });
  const figures = await measure(system, (performance.now() - startedAt) / 1000);
  console.log(`\n${table(figures)}\n`);
  const json = options.json ?? join(folder, 'result.json');
  writeFileSync(json, `${JSON.stringify({ at: new Date().toISOString(), seconds, figures }, null, 2)}\n`);
  console.log(`The figures as JSON: ${json}`);
  if (!figures.every(holds)) process.exitCode = 1;
} finally {
  await system?.stop();
}

async function measure(
  system: Awaited<ReturnType<typeof startSystem>>,
  startSeconds: number,
): Promise<Figure[]> {
  const gatewayUrl = system.urls.gateway!;
  const api = createApi(gatewayUrl, system.internalToken);
  const customers = await Promise.all(Array.from({ length: CUSTOMERS }, () => register(gatewayUrl)));
  const tokens = customers.map(({ tokens }) => tokens.accessToken);
  const ledgers = createLedgers(system);
  const pids = [process.pid, ...[...system.services.values()].map((service) => service.pid!)];
  const memory = residentMemory(pids);
  const adminUrl = system.postgres.url();

  say('the floor: the same SQL with one commit a step, no engine');
  const floor = await measureFloor({
    adminUrl,
    seconds: Math.min(seconds, 10),
    concurrency: 16,
    products: PRODUCTS,
  });
  say(`the floor: ${Math.round(floor)} sagas/s; now the relay`);
  const relay = await measureRelay({ adminUrl, redisUrl: system.redisUrl, rows: 50_000 });
  say(`the relay: ${Math.round(relay)} rows/s`);

  const products = await Promise.all(Array.from({ length: PRODUCTS }, () => api.createProduct(100_000_000)));
  const productIds = products.map((product) => product.id);
  await drain(ledgers.productsUnknownToOrders, () => {});
  let expected = 0;
  const untilComplete = () =>
    drain(
      () => ledgers.incomplete(expected),
      (left) => say(`${left} steps of sagas are left`),
    );
  const load = async (name: string, shape: { seconds: number; connections: number; rate?: number }) => {
    say(`${name} …`);
    const begun = performance.now();
    const result = await placeOrders({ gatewayUrl, productIds, tokens, ...shape });
    if (result.refused > 0)
      throw new Error(`${result.refused} orders were refused under load; see the log above`);
    expected += result.accepted;
    await untilComplete();
    const sagasPerSecond = result.accepted / ((performance.now() - begun) / 1000);
    say(
      `${name}: ${result.accepted} orders, ${Math.round(sagasPerSecond)} complete sagas/s, p99 ${Math.round(result.p99)} ms`,
    );
    return { ...result, sagasPerSecond };
  };

  await load('warming up', { seconds: Math.min(seconds, 5), connections: CONNECTIONS });
  const peak = await load('load to the peak', { seconds, connections: CONNECTIONS });
  const shape = { connections: CONNECTIONS, rate: Math.max(1, Math.round(peak.sagasPerSecond / 2)) };
  // The steady state is measured, not the change from one load to another, nor what the other has left to be audited.
  await drain(ledgers.auditsDue, (left) => say(`${left} orders of the peak are to be audited`));
  await load('down to half of the peak', { seconds: Math.min(seconds, 5), ...shape });
  const since = await ledgers.clock();
  const half = await load('half of the peak', { seconds, ...shape });
  const paid = await ledgers.placedToPaid(since);

  say('killing each service once, and waiting until new orders complete again');
  const recovery = await measureRecovery(system, api, productIds[0]!, say);
  expected += recovery.placed;
  await untilComplete();

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
      value: peak.sagasPerSecond / floor,
      unit: 'ratio',
      must: 0.15,
      goal: 1,
      better: 'more',
    },
    {
      name: 'complete sagas at the peak',
      value: peak.sagasPerSecond,
      unit: '1/s',
      must: 350,
      goal: 2_500,
      better: 'more',
    },
    {
      name: 'the floor: seven commits a saga, no engine',
      value: floor,
      unit: '1/s',
      must: undefined,
      goal: undefined,
      better: 'more',
    },
    {
      name: 'place order, p99 at half of the peak',
      value: half.p99,
      unit: 'ms',
      must: 50,
      goal: 15,
      better: 'less',
    },
    {
      name: 'placed → paid, p95 at half of the peak',
      value: paid.p95,
      unit: 'ms',
      must: 200,
      goal: 30,
      better: 'less',
    },
    { name: 'relay, one service', value: relay, unit: 'rows/s', must: 5_000, goal: 20_000, better: 'more' },
    {
      name: 'memory of all Node processes, idle (shared once)',
      value: memory?.pss,
      unit: 'MB',
      must: 900,
      goal: 500,
      better: 'less',
    },
    {
      name: 'memory, shared pages counted in each',
      value: memory?.rss,
      unit: 'MB',
      must: undefined,
      goal: undefined,
      better: 'less',
    },
    { name: 'start to ready', value: startSeconds, unit: 's', must: 20, goal: 8, better: 'less' },
    {
      name: 'killed process until new orders complete, worst',
      value: recovery.worstSeconds,
      unit: 's',
      must: 15,
      goal: 5,
      better: 'less',
    },
    {
      name: 'orders, items, cents lost or doubled',
      value: wrong.length,
      unit: '',
      must: 0,
      goal: 0,
      better: 'less',
    },
  ];
}
