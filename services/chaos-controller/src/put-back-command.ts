import { parseArgs } from 'node:util';
import { baseConfig, readConfig } from '@orderflow/service-kit/config';
import { createLogger } from '@orderflow/service-kit/logger';
import { z } from 'zod';
import { openKubernetesDriver } from './kubernetes/driver.ts';
import { undoExpired, windUp } from './kubernetes/put-back.ts';

const HELP = `node put-back-command.ts expired|all

Undoes in a cluster what drills have left, without their controller and without its database.

  expired  the cuts and scales whose time is up; a CronJob of the chart runs this
  all      everything: stops all drills by the kill switch, waits for them to end, undoes what is left and removes the
           finalizer from every Drill of the release; the chart runs this before an uninstall

Reads RELEASE, and NAMESPACE and KUBECONFIG outside of a pod.`;

const WAIT_MS = 45_000;

const { values: options, positionals } = parseArgs({
  options: { help: { type: 'boolean' } },
  allowPositionals: true,
});
const [what] = positionals;
if (options.help || (what !== 'expired' && what !== 'all')) {
  console.log(HELP);
  process.exit(options.help ? 0 : 64); // EX_USAGE of sysexits.h
}

const config = readConfig(
  baseConfig.pick({ LOG_LEVEL: true }).extend({
    RELEASE: z.string().min(1),
    NAMESPACE: z.string().min(1).optional(),
    KUBECONFIG: z.string().min(1).optional(),
  }),
);
const { RELEASE: release, NAMESPACE: namespace, KUBECONFIG: kubeconfig } = config;
const log = createLogger({ service: 'chaos-controller', level: config.LOG_LEVEL });
const deps = { release, log, ...openKubernetesDriver({ release, namespace, kubeconfig, log }) };

try {
  if (what === 'expired') await undoExpired(deps);
  else await windUp(deps, { waitMs: WAIT_MS });
} catch (error) {
  log.fatal(
    { error },
    'could not put back what drills have left; see that the API server answers and allows it',
  );
  process.exitCode = 1;
}
