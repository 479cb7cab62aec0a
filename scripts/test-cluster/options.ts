import { parseArgs } from 'node:util';
import { drillNames } from './drills.ts';
import { faultNames } from './faults.ts';
import { UNINSTALL } from './uninstall.ts';

const HELP = `npm run test:cluster -- [options]

Installs OrderFlow into a namespace of its own of the cluster that kubectl reaches, and proves it there: helm test, journeys
of customers, then faults one after the other while orders stream in. Judged by the books of every service, not by their
word: no order lost, none doubled, money and stock add up. Before that, what drills do to a cluster and what it refuses them, in
namespaces drills-lab-*; after it every drill of k8s/drills by kubectl apply, and some whose controller dies in the middle.
Needs kubectl, helm, docker, and a cluster such as

  kind create cluster        or        minikube start

or, as root, a program named by ORDERFLOW_CLUSTER that answers to: up, env, load IMAGE...

  --rate N              orders a second during a fault (default 5)
  --within SECONDS      orders complete again after each fault, or it failed (default 15)
  --only TEXT           faults and drills whose name contains this ("drills:" is in that of each drill); may be given more
                        than once
  --skip-drills         faults alone
  --upgrade-from REF    installs the charts of this commit first, and upgrades from them under load
  --skip-build          the images are on the node from an earlier run
  --load-command CMD    how images come to the node: run as CMD IMAGE...
  --namespace NAME      made for the run, deleted after it (default orderflow-test)
  --keep                leaves the release when done
  --help                this text

The figures go to .orderflow/test-cluster/report.json. Faults and drills:

${[...faultNames, ...drillNames, UNINSTALL].map((name) => `  ${name}`).join('\n')}`;

/** Whether `--only` leaves a name in: one of its texts is in the name, or there is none. */
export const isChosen = (name: string, only: string[]): boolean =>
  only.length === 0 || only.some((text) => name.includes(text));

export type Options = ReturnType<typeof readOptions>;

/** What the command line asks for. Ends the process after --help, and on what it cannot do. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '5' },
      within: { type: 'string', default: '15' },
      only: { type: 'string', multiple: true, default: [] },
      'skip-drills': { type: 'boolean', default: false },
      'upgrade-from': { type: 'string' },
      'skip-build': { type: 'boolean', default: false },
      'load-command': { type: 'string' },
      namespace: { type: 'string', default: 'orderflow-test' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const rate = Number(values.rate);
  if (!(rate >= 1 && rate <= 50)) refuse(`--rate ${values.rate} is not a number from 1 to 50.`);
  const within = Number(values.within);
  if (!(within > 0)) refuse(`--within ${values.within} is not a number of seconds.`);
  const names = values['skip-drills'] ? faultNames : [...faultNames, ...drillNames, UNINSTALL];
  const unknown = values.only.find((text) => !names.some((name) => name.includes(text)));
  if (unknown) refuse(`Nothing is called anything like "${unknown}"; --help lists what there is.`);
  return { ...values, rate, within };
}

function refuse(why: string): never {
  console.error(why);
  process.exit(64); // EX_USAGE of sysexits.h
}
