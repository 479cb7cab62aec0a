import { auditorAway } from './auditor-away.ts';
import type { Kube } from './kube.ts';
import { addReplica } from './redis-failover.ts';
import { until } from './until.ts';
import { keepers, serviceNames } from './workloads.ts';

type Labels = Record<string, string>;
type Means = {
  kube: Kube;
  upgrade: () => Promise<void>;
  signal: AbortSignal;
  say: (text: string) => void;
};

export type Fault = {
  name: string;
  /** Too long for a run that names no faults. */
  byNameOnly?: true;
  /** Brings what the fault needs, before orders stream. Gives what takes it away once they are judged. */
  prepare?: (means: Means) => Promise<() => Promise<void>>;
  /** Does it. Gives a check that throws until the cluster has made good what was done. */
  inject: (means: Means) => Promise<() => Promise<void>>;
};

/** Those that a crash, without time for a good end, may hurt otherwise than a stop. */
const crashed = ['gateway', 'order', 'inventory', 'payment', 'bank', 'notification'];

/** Whose pods leave the API at once: the next one works beside the old process until the kubelet has ended that. */
const forced = ['order', 'payment'];

/** Killed after a second. Not forced: two Postgres on one volume would be the end of it. */
const CRASH = '--grace-period=1';
const FORCE = ['--grace-period=0', '--force'];

const service = (name: string): Labels => ({ component: 'service', name });

const faults: Fault[] = [
  ...serviceNames.map((name) => deletion(`${name}: pod deleted`, service(name), '')),
  ...crashed.map((name) => deletion(`${name}: pod crashed`, service(name), '', CRASH)),
  ...forced.map((name) => deletion(`${name}: pod forced away`, service(name), '', ...FORCE)),
  ...keepers.map((name) =>
    deletion(`${name} Postgres: pod deleted`, { component: 'postgres' }, `-${name}-postgres-`),
  ),
  deletion('order Postgres: pod crashed', { component: 'postgres' }, '-order-postgres-', CRASH),
  deletion('Redis: pod deleted', { component: 'redis' }, '-redis-'),
  deletion('Redis: pod crashed', { component: 'redis' }, '-redis-', CRASH),
  redisFailover(),
  {
    name: 'auditor: away for three minutes, with a small Redis',
    inject: auditorIsAway({ seconds: 180, roomBytes: 8_000_000 }),
  },
  {
    name: 'auditor: away for twenty minutes',
    byNameOnly: true,
    inject: auditorIsAway({ seconds: 1_200 }),
  },
  scaling('order and inventory: to 3 replicas and back', ['order', 'inventory']),
  { name: 'all services: rolling restart', inject: restartAll },
  { name: 'helm upgrade', inject: upgradeRelease },
];

export const faultNames = faults.map(({ name }) => name);

/** The faults whose names contain one of the texts; without any all of them but the longest. */
export const chooseFaults = (texts: string[]): Fault[] =>
  faults.filter(({ name, byNameOnly }) =>
    texts.length === 0 ? !byNameOnly : texts.some((text) => name.includes(text)),
  );

/** All pods with these labels and this in their name are deleted. */
function deletion(name: string, labels: Labels, inName: string, ...how: string[]): Fault {
  return {
    name,
    async inject({ kube }) {
      const targets = (await kube.pods(labels)).filter((pod) => pod.name.includes(inName));
      if (targets.length === 0) throw new Error(`There is no pod to hurt: ${name}.`);
      await kube.kubectl('delete', 'pod', '--wait=false', ...how, ...targets.map((pod) => pod.name));
      const gone = new Set(targets.map(({ uid }) => uid));
      return async () => {
        const pods = (await kube.pods(labels)).filter((pod) => pod.name.includes(inName));
        const back = pods.filter(({ uid, ready, leaving }) => !gone.has(uid) && ready && !leaving);
        if (back.length < targets.length || pods.some(({ uid }) => gone.has(uid)))
          throw new Error(`${back.length} of ${targets.length} pods are back.`);
      };
    },
  };
}

function auditorIsAway(options: Parameters<typeof auditorAway>[1]): Fault['inject'] {
  return async (means) => {
    await auditorAway(means, options);
    return () => means.kube.mustBeRolledOut({ component: 'service' });
  };
}

/** Clients keep their connections to the old primary, which answers that it is a replica now. */
function redisFailover(): Fault {
  let replica: Awaited<ReturnType<typeof addReplica>> | undefined;
  return {
    name: 'Redis: fails over, the old primary stays',
    async prepare(means) {
      replica = await addReplica(means);
      return replica.remove;
    },
    async inject() {
      if (!replica) throw new Error('There is no replica to fail over to.');
      await replica.failOver();
      return replica.mustHaveFailedOver;
    },
  };
}

function scaling(name: string, services: string[]): Fault {
  return {
    name,
    async inject({ kube, signal }) {
      const before = await Promise.all(services.map((it) => kube.replicas(it)));
      const scale = async (it: string, replicas: number) =>
        kube.kubectl('scale', 'deployment', `${kube.release}-${it}`, `--replicas=${replicas}`);
      const rolledOut = () => kube.mustBeRolledOut({ component: 'service' });
      for (const it of services) await scale(it, 3);
      await until('three replicas are ready', rolledOut, { seconds: 180, signal });
      for (const [n, it] of services.entries()) await scale(it, before[n]!);
      return rolledOut;
    },
  };
}

async function restartAll({ kube }: Means) {
  const labels = { component: 'service' };
  await kube.kubectl('rollout', 'restart', 'deployment', '-l', kube.selectorOf(labels));
  return () => kube.mustBeRolledOut(labels);
}

async function upgradeRelease({ kube, upgrade }: Means) {
  await upgrade();
  return () => kube.mustBeRolledOut();
}
