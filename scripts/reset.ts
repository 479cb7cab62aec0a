import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { removeDataFolder } from '@orderflow/local-runtime/folders';
import { leftoverServers, runningCopy } from '@orderflow/local-runtime/lock';

const help = `
npm run reset [-- --help]  deletes the data, passwords and logs of this checkout (.orderflow/); the next start begins empty
`;

const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
const dataDir = join(resolve(import.meta.dirname, '..'), '.orderflow');
const running = runningCopy(dataDir, 'scripts/start.ts') ?? leftoverServers(dataDir)[0];

if (values.help) {
  console.log(help);
} else if (running) {
  console.error(
    `OrderFlow still runs from this folder (process ${running}). Stop it with Ctrl-C (after a kill it takes some seconds to end), then reset.`,
  );
  process.exitCode = 1;
} else if (existsSync(dataDir)) {
  try {
    removeDataFolder(dataDir);
    console.log(`Deleted ${dataDir}.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
} else {
  console.log('There is nothing to delete.');
}
