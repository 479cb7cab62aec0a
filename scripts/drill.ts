import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DrillReport } from '@orderflow/contracts/drills';
import { privateFolder } from '@orderflow/local-runtime/folders';
import { type Controller, createController, type Where } from './drill/controller.ts';
import { follow, patiently } from './drill/follow.ts';
import { presetNames, readPreset } from './drill/presets.ts';
import { table } from './drill/table.ts';
import { ownSystem, runningSystem } from './drill/where.ts';
import { onStopSignals } from './start/signals.ts';

const help = `npm run drill NAME [-- OPTIONS]

Breaks something on purpose while orders come in, and says whether every order, cent and item is accounted for.
NAME is a file of k8s/drills; the report goes to .orderflow/drills/ as Markdown and JSON. Without options the drill is
of the system that "npm start" runs from this folder. Ctrl-C aborts it and waits until nothing is left of it.

  --list           what there is
  --all            every drill in turn, and a table at the end
  --dry-run        only says what would be done
  --start          starts a system for the drill, in a temporary folder, and stops it after
  --url URL        the gateway of another system …
  --token TOKEN    … and an access token of an admin, or its internal token (better as ORDERFLOW_TOKEN)
  --help           this text

The exit code is 0 when every drill passed.`;

const root = resolve(import.meta.dirname, '..');
const folder = join(root, '.orderflow', 'drills');
/** Between two drills there may be a time of rest. */
const COOL_DOWN_PATIENCE_MS = 15 * 60_000;

const stopping = onStopSignals({
  again() {
    console.error('The drill is left to the chaos controller, which winds it up by itself.');
    process.exit(130);
  },
});

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean' },
      all: { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      start: { type: 'boolean' },
      url: { type: 'string' },
      token: { type: 'string', default: process.env.ORDERFLOW_TOKEN },
      help: { type: 'boolean' },
    },
  });
  if (values.list) {
    for (const name of presetNames()) console.log(`${name.padEnd(26)} ${readPreset(name).spec.hypothesis}`);
    return true;
  }
  if (values.help || (!values.all && positionals.length === 0)) {
    console.log(help);
    return values.help === true;
  }
  const presets = (values.all ? presetNames() : positionals).map(readPreset);
  privateFolder(folder);
  const own = values.start
    ? await ownSystem({
        root,
        logFile: join(folder, 'system.log'),
        signal: stopping.signal,
        say: console.log,
      })
    : undefined;
  try {
    const controller = createController(own ?? whereOf(values));
    const reports: DrillReport[] = [];
    for (const { name, spec } of presets) {
      if (stopping.signal.aborted) break;
      reports.push(await run(controller, name, { ...spec, dryRun: values['dry-run'] ?? spec.dryRun }));
    }
    if (presets.length > 1) console.log(`\n${table(reports)}\n`);
    return reports.length === presets.length && reports.every((report) => isGood(report));
  } finally {
    await own?.stop();
  }
}

function whereOf({ url, token }: { url?: string; token?: string }): Where {
  if (!url) return runningSystem(join(root, '.orderflow'));
  if (!token) throw new Error('With --url goes --token, or the token as ORDERFLOW_TOKEN.');
  return { url, token };
}

/** A dry run cannot pass: it has done what was asked for when it was not stopped by anything. */
const isGood = ({ verdict, reason }: DrillReport) => verdict === 'Passed' || reason === 'DryRun';

/** Runs one drill to its end, again after a time of rest if it must, and keeps its report. */
async function run(
  controller: Controller,
  name: string,
  spec: Parameters<Controller['start']>[1],
): Promise<DrillReport> {
  console.log(`\n${name}: ${spec.hypothesis}`);
  const until = Date.now() + COOL_DOWN_PATIENCE_MS;
  for (;;) {
    const drill = await controller.start(name, spec);
    const abort = () => {
      console.log('Aborting; waiting until nothing is left of it (Ctrl-C again does not wait) …');
      patiently(() => controller.abort(drill.id, 'Ctrl-C at the terminal')).catch((error: Error) =>
        console.error(error.message),
      );
    };
    stopping.signal.addEventListener('abort', abort, { once: true });
    await follow({ controller, drill, say: console.log });
    stopping.signal.removeEventListener('abort', abort);
    const report = await patiently(() => controller.report(drill.id));
    if (report.reason === 'CoolDown' && Date.now() < until && !stopping.signal.aborted) {
      await sleep(5_000);
      continue;
    }
    const markdown = await patiently(() => controller.markdown(drill.id));
    const file = join(folder, `${name}-${report.startedAt.slice(0, 19).replaceAll(':', '')}`);
    writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(`${file}.md`, markdown);
    console.log(`\n${markdown}\nThe report: ${file}.md`);
    return report;
  }
}

try {
  if (!(await main())) process.exitCode = 1;
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
// The watch on signals would keep this process alive.
process.exit();
