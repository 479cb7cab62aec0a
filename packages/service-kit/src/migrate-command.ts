import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { baseConfig, databaseConfig, readConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { migrate } from './migrate.ts';
import { waitForDatabase } from './wait-for-database.ts';

const HELP = `node migrate-command.ts FOLDER…

Applies the migrations of each folder, in that order, to the database at DATABASE_URL, and ends.
Waits for a database that does not answer yet, however long, and says so every 10 s. A service does the same when it starts; as a step
of its own, before the service, a long migration is not cut short by the service's probes.`;

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

try {
  await waitForDatabase(() => migrate({ url, folders, log }), { log });
} catch (error) {
  log.fatal({ error }, 'could not migrate');
  process.exit(1);
}
