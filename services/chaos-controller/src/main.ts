import { keysWalk } from '@orderflow/messaging/forget-old-rows';
import { createForgetting } from '@orderflow/messaging/forgetting';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { createDatabase } from '@orderflow/service-kit/database';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { migrate } from '@orderflow/service-kit/migrate';
import { waitForDatabase } from '@orderflow/service-kit/wait-for-database';
import { createApp } from './app.ts';
import { bankFaults, noBank } from './bank.ts';
import { configSchema } from './config.ts';
import { openEyes } from './eyes.ts';
import { createKillSwitch } from './kill-switch.ts';
import { createDrillMetrics } from './metrics.ts';
import { openDriver } from './open-driver.ts';
import { startPruning } from './pruning.ts';
import { makeReport } from './report.ts';
import { startRunner } from './runner.ts';
import { startSchedules } from './schedules.ts';

const config = readConfig(configSchema);

await runService({ service: 'chaos-controller', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const { log, onStop } = scope;
  const { DATABASE_URL: url, INTERNAL_TOKEN: internalToken, BANK_URL, DRILL_SCHEDULES: schedules } = config;
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  // It exchanges no events; of messaging's tables it uses those of idempotency keys.
  await waitForDatabase(() => migrate({ url, folders: [messagingMigrations, migrations], log }), { log });
  const db = createDatabase({ url, service: 'chaos-controller', log, max: config.DATABASE_POOL });
  onStop('postgres', db.close);
  onStop('forget-keys', createForgetting({ db, scope }).start(keysWalk).stop);
  const { driver, watchResources } = await openDriver(config, log);
  const killSwitch = createKillSwitch({ db, driver });
  const bank = BANK_URL ? bankFaults({ url: BANK_URL, internalToken }) : undefined;
  const { GATEWAY_URL: gatewayUrl, AUDITOR_URL, AUTH_URL, DRILL_PROBE_ORIGINS } = config;
  const services = [AUDITOR_URL, AUTH_URL, ...(BANK_URL ? [BANK_URL] : [])];
  const probeTargets = { gatewayUrl, probeOrigins: [...services, ...DRILL_PROBE_ORIGINS] };
  const eyes = openEyes({
    db,
    driver,
    killSwitch: killSwitch.read,
    ...probeTargets,
    auditorUrl: AUDITOR_URL,
    prometheusUrl: config.PROMETHEUS_URL,
    internalToken,
    emailDomain: config.DRILL_EMAIL_DOMAIN,
    log,
  });
  onStop('eyes', eyes.close);
  onStop('http', http.serve(createApp({ scope, auth: authFrom(config), db, killSwitch, schedules, bank })));
  const runner = startRunner({
    db,
    world: { driver, eyes, bank: bank ?? noBank },
    settings: {
      ...probeTargets,
      namespaces: config.DRILL_NAMESPACES,
      minReplicas: config.DRILL_MIN_REPLICAS,
      cooldownSeconds: config.DRILL_COOLDOWN_SECONDS,
      quietHours: config.DRILL_QUIET_HOURS,
      hasBank: bank !== undefined,
    },
    makeReport,
    metrics: createDrillMetrics(scope.metrics),
    scope,
  });
  onStop('runner', runner.stop);
  const resources = watchResources?.({ db, scope });
  if (resources) onStop('drill resources', resources.stop);
  const firing = startSchedules({ db, schedules, scope });
  onStop('schedules', firing.stop);
  const pruning = startPruning({ db, keepDays: config.DRILL_KEEP_DAYS, scope });
  onStop('pruning', pruning.stop);
});
