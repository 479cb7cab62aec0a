import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `npm run check

Everything that can be told without running the system: types (tsc), lint and format (biome), and whether what is
generated, tables in the docs and the definition of drills, is up to date. Import rules are among the tests (npm test).`;

const { values: options } = parseArgs({ options: { help: { type: 'boolean' } } });
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

/** By their paths: a folder with a colon in its name cannot be in PATH. */
const tool = (name: string) => join('node_modules', '.bin', name);

const steps: { name: string; command: string[]; mend: string }[] = [
  { name: 'types', command: [tool('tsc'), '--noEmit'], mend: 'mend the types above' },
  {
    name: 'lint and format',
    command: [tool('biome'), 'check', '--error-on-warnings'],
    mend: 'npm run format mends most of it',
  },
  {
    name: 'table of events',
    command: [process.execPath, 'scripts/event-table.ts', '--check', 'docs/architecture.md'],
    mend: 'node scripts/event-table.ts --write docs/architecture.md',
  },
  {
    name: 'definition of drills',
    command: [process.execPath, 'scripts/generate-crd.ts', '--check'],
    mend: 'node scripts/generate-crd.ts --write',
  },
];

const cwd = fileURLToPath(new URL('..', import.meta.url));
let failed = 0;
for (const { name, command, mend } of steps) {
  const [program, ...args] = command;
  const { status, error } = spawnSync(program!, args, { cwd, stdio: 'inherit' });
  console.log(status === 0 ? `✓ ${name}` : `✗ ${name}: ${error?.message ?? mend}`);
  if (status !== 0) failed += 1;
}
console.log(`check: ${steps.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
