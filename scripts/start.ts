import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lockDataFolder } from '@orderflow/local-runtime/lock';
import { portsFrom } from '@orderflow/local-runtime/services';
import { type System, startSystem } from '@orderflow/local-runtime/system';
import { seed } from './seed.ts';
import { openLog } from './start/log.ts';
import { onStopSignals } from './start/signals.ts';
import { welcome } from './start/welcome.ts';

const help = `
npm start [-- OPTIONS]     everything on this machine: Postgres, Redis, all services; Ctrl-C stops it

  --no-demo                no demo accounts, products and public aliases
  --help                   this text

Environment
  ORDERFLOW_PORT_BASE=9000 moves all ports: gateway 9000, order 9001 … postgres 9020, redis 9021 …
  PORT_GATEWAY=8080        moves one: PORT_ORDER, PORT_INVENTORY, PORT_PAYMENT, PORT_NOTIFICATION, PORT_CUSTOMER,
                           PORT_AUDITOR, PORT_CHAOS_CONTROLLER, PORT_BANK, PORT_POSTBOX, PORT_SMTP, PORT_POSTGRES,
                           PORT_REDIS, PORT_SUPERVISOR; and with _METRICS that of a service's metrics (PORT_ORDER_METRICS)
  REDIS_URL=redis://…      uses a Redis or Valkey ≥ 7.0 that runs already
  PAYMENT_PROVIDER=stripe  charges at Stripe instead of the simulated bank, which does not run then; needs STRIPE_API_KEY
                           (sk_test_…) and STRIPE_WEBHOOK_SECRET (whsec_…)
  LOG_LEVEL=info           trace, debug, info, warn or error
  DRILL_SCHEDULES=[…]      drills by the clock, and when none may begin, as JSON: docs/drills.md; none when not set
  DRILL_QUIET_HOURS=[…]
  DRILL_PROBE_ORIGINS=…    what probes of drills may ask besides this system: http://localhost:9000,https://…
PATH, HOME and TZ count as everywhere, all else has no effect: NODE_…, PG…, proxies and locales among it. npm gets
everything while it installs. docs/local.md has the whole list.

Data, passwords and raw logs (60 MB at most) are in .orderflow/; "npm run reset" deletes them.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: { demo: { type: 'boolean', default: true }, help: { type: 'boolean' } },
  });
  if (values.help) return void console.log(help);

  const root = resolve(import.meta.dirname, '..');
  // By its folder others tell this copy from one in another checkout.
  process.chdir(root);
  const dataDir = join(root, '.orderflow');
  const ports = portsFrom(process.env);
  const lock = lockDataFolder(dataDir, 'scripts/start.ts');
  const log = openLog(join(dataDir, 'logs'), process.stdout);
  let system: System | undefined;
  const stopping = onStopSignals({
    again() {
      system?.kill();
      process.exit(130);
    },
  });

  try {
    system = await startSystem({
      root,
      dataDir,
      ports,
      redisUrl: process.env.REDIS_URL,
      callerEnv: process.env,
      env: { DEMO: String(values.demo), LOG_LEVEL: process.env.LOG_LEVEL ?? 'info' },
      portPatienceMs: lock.afterKill ? 15_000 : 0,
      signal: stopping.signal,
      log: log.line,
      onProgress: log.progress,
    });
    try {
      const { gateway: gatewayUrl = '' } = system.urls;
      // Where `npm run drill` finds it.
      writeFileSync(join(dataDir, 'gateway-url'), gatewayUrl);
      if (values.demo) await seed({ gatewayUrl, internalToken: system.internalToken, log: log.progress });
      console.log(await welcome({ system, ports, dataDir, demo: values.demo }));
      await stopping.asked;
    } finally {
      log.progress('Stopping (Ctrl-C again kills) …');
      await system.stop();
      log.progress('Stopped; nothing is left running.');
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    lock.release();
  }
}

try {
  await main();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
