import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onStopSignals } from './start/signals.ts';
import { openBooks } from './test-cluster/books.ts';
import { findCluster } from './test-cluster/cluster.ts';
import { createCommands } from './test-cluster/commands.ts';
import { findCustomers } from './test-cluster/customers.ts';
import { diagnose } from './test-cluster/diagnosis.ts';
import { createDrillRuns } from './test-cluster/drill-runs.ts';
import { readTraces } from './test-cluster/drill-traces.ts';
import { chooseDrills, tryDrill } from './test-cluster/drills.ts';
import { testDriver } from './test-cluster/driver-tests.ts';
import { chooseFaults, type Fault } from './test-cluster/faults.ts';
import { provideImages } from './test-cluster/images.ts';
import { goJourneys } from './test-cluster/journeys.ts';
import { createJudge } from './test-cluster/judge.ts';
import { createKube } from './test-cluster/kube.ts';
import { isChosen, readOptions } from './test-cluster/options.ts';
import { openForward } from './test-cluster/port-forward.ts';
import { rehearse } from './test-cluster/rehearse.ts';
import { createRelease } from './test-cluster/release.ts';
import { type Line, table, tally, writeReport } from './test-cluster/report.ts';
import { UNINSTALL, uninstallInDrill } from './test-cluster/uninstall.ts';

const options = readOptions();
const root = fileURLToPath(new URL('..', import.meta.url));
const reportFile = join(root, '.orderflow', 'test-cluster', 'report.json');
const say = (text: string) => console.log(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}`);

const lines: Line[] = [];
const closers: (() => Promise<unknown>)[] = [];
const { signal } = onStopSignals({
  again: () => {
    console.error(`Left as it is; delete it with: kubectl delete namespace ${options.namespace}`);
    process.exit(1);
  },
});

try {
  await testCluster();
} catch (error) {
  if (signal.aborted) say('stopped');
  else
    record({
      name: 'the run',
      passed: false,
      wrong: [error instanceof Error ? error.message : String(error)],
    });
} finally {
  for (const close of closers.reverse()) await close().catch((error: Error) => say(error.message));
}
console.log(`\n${table(lines)}\n`);
writeReport(reportFile, { rate: options.rate, stopped: signal.aborted }, lines);
console.log(`The figures as JSON: ${reportFile}\n${tally(lines)}`);
process.exit(signal.aborted || lines.length === 0 || lines.some(({ passed }) => !passed) ? 1 : 0);

async function testCluster(): Promise<void> {
  const cluster = await findCluster({ root, signal, loadCommand: options['load-command'], say });
  say(`the cluster is ${cluster.context}`);
  const commands = createCommands(cluster.env, signal);
  if (!options['skip-build']) await provideImages({ commands, cluster, root, say });

  // A run for one fault is about that alone.
  if (options.only.length === 0) {
    say('what drills may do to a cluster, and what not');
    const wrong = await testDriver({ commands, cluster, root, say }).then(
      () => [],
      (error: Error) => [error.message],
    );
    record({ name: 'the driver of drills', passed: wrong.length === 0, wrong });
  }

  const kube = createKube(commands, options.namespace, 'orderflow');
  const release = createRelease({ commands, kube, root, say });
  await release.createNamespace();
  if (!options.keep) {
    // Not with the signal, which ends what is under way.
    const cleaning = createRelease({ commands: createCommands(cluster.env), kube, root, say });
    closers.push(() => {
      say(`deleting namespace ${options.namespace}`);
      return cleaning.remove();
    });
  }

  const ref = options['upgrade-from'];
  const explain = async (error: unknown) => {
    if (!signal.aborted) console.log(await diagnose(kube));
    throw error;
  };
  say(`installing ${ref ? `the charts of ${ref}` : 'the charts'}`);
  await (ref ? release.installOf(ref) : release.install()).catch(explain);
  await release.test().catch(explain);
  record({ name: 'helm install, helm test', passed: true, wrong: [] });

  const gateway = await openForward(commands, kube, 'orderflow-gateway', 'service', 8080);
  closers.push(gateway.stop);
  const { ledgers, close } = await openBooks(commands, kube);
  closers.push(close);
  const internalToken = await kube.secret('orderflow-internal', 'token');
  const gatewayUrl = `http://127.0.0.1:${gateway.port}`;
  const customers = await findCustomers({ gatewayUrl, internalToken, signal });
  const judge = await createJudge(ledgers, signal);

  say('journeys of customers');
  for (const { name, orderId, wrong } of await goJourneys(customers, signal)) {
    if (orderId) judge.know(orderId);
    record({ name, passed: !wrong, wrong: wrong ? [wrong] : [] });
  }
  if (lines.some(({ passed }) => !passed)) {
    console.log(await diagnose(kube));
    return say('no faults: orders do not go well as it is');
  }

  const { rate, within } = options;
  const stage = { kube, customers, judge, upgrade: release.upgrade, rate, within, signal, say };
  for (const fault of faultsToDo()) {
    say(`${fault.name} …`);
    const line = await rehearse(fault, stage);
    record(line);
    if (!line.passed) console.log(await diagnose(kube));
  }

  const uninstalls = !options.keep && isChosen(UNINSTALL, options.only);
  if (options['skip-drills'] || (chooseDrills(options.only).length === 0 && !uninstalls)) return;
  const runs = createDrillRuns({ kube, gatewayUrl, internalToken, signal });
  const traces = await readTraces(kube, runs);
  for (const drill of chooseDrills(options.only)) {
    say(`${drill.name} …`);
    const line = await tryDrill(drill, { kube, runs, traces, root, signal });
    record(line);
    if (!line.passed) console.log(await diagnose(kube));
  }
  const wrong = await judge.whatIsWrong();
  record({ name: 'the books after the drills', passed: wrong.length === 0, wrong });
  if (!uninstalls) return;
  say(`${UNINSTALL} …`);
  const left = await uninstallInDrill({ kube, runs, uninstall: release.uninstall });
  record({ name: UNINSTALL, passed: left.length === 0, wrong: left });
}

/** An upgrade from another commit comes first, or what follows would be that commit's. */
function faultsToDo(): Fault[] {
  const chosen = chooseFaults(options.only);
  if (!options['upgrade-from']) return chosen;
  const upgrade = chooseFaults(['helm upgrade']);
  return [...upgrade, ...chosen.filter(({ name }) => name !== upgrade[0]!.name)];
}

function record(line: Line): void {
  lines.push(line);
  const { name, passed, accepted, seconds, wrong } = line;
  const figures = [
    ...(accepted === undefined ? [] : [`${accepted} orders`]),
    ...(seconds === undefined ? [] : [`${seconds.toFixed(1)} s`]),
  ];
  say([`${passed ? '✓' : '✗'} ${name}`, ...figures].join(', '));
  for (const text of wrong.slice(0, 8)) console.log(`         ${text}`);
}
