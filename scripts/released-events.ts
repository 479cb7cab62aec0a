import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { conflicts, type Release, today } from './released-events/release.ts';

const FILE = new URL('../packages/contracts/released-events.json', import.meta.url);

const HELP = `node scripts/released-events.ts [--write]

Compares the events of today with those of the last release, in packages/contracts/released-events.json, and fails
when the two cannot run side by side.

  --write  makes the events of today those of the last release: when a release is made, and not before
  --help   this text`;

try {
  const { values } = parseArgs({ options: { write: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log(HELP);
  } else if (values.write) {
    writeFileSync(FILE, `${JSON.stringify(today(), null, 2)}\n`);
  } else {
    const found = conflicts(JSON.parse(readFileSync(FILE, 'utf8')) as Release, today());
    for (const line of found) console.error(line);
    process.exitCode = found.length === 0 ? 0 : 1;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
