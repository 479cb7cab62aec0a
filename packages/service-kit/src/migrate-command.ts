import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { baseConfig, databaseConfig, readConfig } from './config.ts';
import { isDatabaseUnavailable } from './database-errors.ts';
import { createLogger } from './logger.ts';
import { migrate } from './migrate.ts';

const HELP = `node migrate-command.ts FOLDER…

Applies the migrations of each folder, in that order, to the database at DATABASE_URL, and ends.
Waits a minute for a database that does not answer yet. A service does the same when it starts; as a step
of its own, before the service, a long migration is not cut short by the service's probes.`;

const WAIT_MS = 60_000;

const { values: options, positionals } = parseArgs({
  options: { help: { type: 'boolean' } },
  allowPositionals: true,
});
if (options.help || positionals.length === 0) {
  console.log(HELP);
  process.exit(options.help ? 0 : 64); // EX_USAGE of sysexits.h
}

const { DATABASE_URL: url, LOG_LEVEL: level } = readConfig(
  databaseConfig.extend(baseConfig.pick({ LOG_LEVEL: true }).shape),
);
const log = createLogger({ service: 'migrations', level });
const folders = positionals.map((folder) => pathToFileURL(`${folder}/`));
const giveUpAt = Date.now() + WAIT_MS;

while (true) {
  try {
    await migrate({ url, folders, log });
    break;
  } catch (error) {
    if (!isDatabaseUnavailable(error) || Date.now() > giveUpAt) {
      log.fatal({ error }, 'could not migrate; see that DATABASE_URL is right and its server runs');
      process.exit(1);
    }
    log.info('waiting for the database');
    await sleep(1_000);
  }
}
