import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { portsFrom } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';
import { recordsAsConfig } from './check-api/records.ts';
import { openSchemathesis, SCHEMATHESIS } from './check-api/schemathesis.ts';
import { seed } from './seed.ts';
import { openLogFile } from './start/log-file.ts';

const HELP = `npm run check:api -- [options]

Starts OrderFlow on ports and data of its own and lets schemathesis (https://schemathesis.readthedocs.io, from PyPI)
send it requests made from /openapi.json, good ones and bad ones: first with ids drawn at random, then with those of
records that are there. Fails on a 5xx and on any answer that is not as the document says. Needs python3 with venv;
${SCHEMATHESIS} is installed into .orderflow/check-api once, where log.txt has what the services logged.

  --examples N    requests at most for each operation (default 30)
  --only REGEX    operations whose path matches
  --help          this text

Ports: ORDERFLOW_PORT_BASE (default 19080).`;

const FAULTS_PATH = '/api/faults';
const FAULTS = `^${FAULTS_PATH}$`;

const { values: options } = parseArgs({
  options: {
    examples: { type: 'string', default: '30' },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.orderflow', 'check-api');
const dataDir = join(folder, 'data');
const configFile = join(folder, 'records.toml');

mkdirSync(folder, { recursive: true });
const schemathesis = await openSchemathesis(folder);
rmSync(dataDir, { recursive: true, force: true });
mkdirSync(dataDir);
const logFile = openLogFile({ path: join(folder, 'log.txt'), maxBytes: 50_000_000 });
const system = await startSystem({
  root,
  dataDir,
  ports: portsFrom({ ORDERFLOW_PORT_BASE: '19080', ...process.env }),
  // Drills may touch nothing: what is asked for at random would kill what is being checked.
  env: { DEMO: 'true', RATE_LIMIT_AUTH_PER_MINUTE: '100000', DRILL_NAMESPACES: 'nowhere' },
  log: (service, line) => logFile.write(`${service} ${line}`),
  onProgress: (line) => console.log(line),
});
try {
  const gatewayUrl = system.urls.gateway!;
  const token = system.internalToken;
  await seed({ gatewayUrl, internalToken: token, log: console.log });
  writeFileSync(configFile, await recordsAsConfig({ gatewayUrl, token }));
  const run = { gatewayUrl, token, ...options };
  const atRandom = await schemathesis({ ...run, except: FAULTS });
  const ofRecords = await schemathesis({ ...run, except: FAULTS, configFile });
  // Last, for nobody can pay while the bank hangs.
  const faultsMatch = new RegExp(options.only ?? '').test(FAULTS_PATH);
  const ofFaults = !faultsMatch || (await schemathesis({ ...run, only: FAULTS }));
  process.exitCode = atRandom && ofRecords && ofFaults ? 0 : 1;
} finally {
  await system.stop();
}
