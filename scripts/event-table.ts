import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { eventTable, withEventTable } from './event-table/table.ts';

const HELP = `node scripts/event-table.ts [--check FILE | --write FILE]

Prints the table of events, their producers and consumers, as packages/contracts has them.

  --check FILE   fails when the table in FILE, between <!-- events:start --> and <!-- events:end -->, is another
  --write FILE   puts the table there
  --help         this text`;

try {
  const { values } = parseArgs({
    options: { check: { type: 'string' }, write: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(HELP);
  } else if (values.write) {
    writeFileSync(values.write, withEventTable(readFileSync(values.write, 'utf8')));
  } else if (values.check) {
    check(values.check);
  } else {
    console.log(eventTable());
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

function check(file: string): void {
  const document = readFileSync(file, 'utf8');
  if (withEventTable(document) === document) return;
  console.error(`The table of events in ${file} is out of date: node scripts/event-table.ts --write ${file}`);
  process.exitCode = 1;
}
