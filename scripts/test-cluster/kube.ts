import type { Commands } from './commands.ts';

export type Pod = {
  name: string;
  uid: string;
  phase: string;
  ready: boolean;
  leaving: boolean;
  restarts: number;
};

type Labels = Record<string, string>;
type Listed<T> = { items: T[] };
type PodJson = {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  status: {
    phase: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number }[];
  };
};
type WorkloadJson = {
  metadata: { name: string; generation: number };
  spec: { replicas: number };
  status: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
  };
};

/** What runs in one namespace, seen and changed through kubectl. */
export function createKube({ run }: Pick<Commands, 'run'>, namespace: string, release: string) {
  const kubectl = (...args: string[]) => run('kubectl', ['--namespace', namespace, ...args]);
  const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await kubectl(...args, '-o', 'json'));
  const selectorOf = (labels: Labels) =>
    Object.entries({ instance: release, ...labels })
      .map(([name, value]) => `app.kubernetes.io/${name}=${value}`)
      .join(',');

  return {
    kubectl,
    apply: (object: object) =>
      run('kubectl', ['--namespace', namespace, 'apply', '-f', '-'], { input: JSON.stringify(object) }),
    namespace,
    release,
    selectorOf,

    /** Pods with these labels of `app.kubernetes.io/`. */
    async pods(labels: Labels = {}): Promise<Pod[]> {
      const { items } = await json<Listed<PodJson>>('get', 'pods', '-l', selectorOf(labels));
      return items.map(({ metadata, status }) => ({
        name: metadata.name,
        uid: metadata.uid,
        phase: status.phase,
        ready: status.conditions?.some((it) => it.type === 'Ready' && it.status === 'True') ?? false,
        leaving: metadata.deletionTimestamp !== undefined,
        restarts: status.containerStatuses?.reduce((sum, it) => sum + it.restartCount, 0) ?? 0,
      }));
    },

    /** Throws while a Deployment or StatefulSet is not what its spec says. */
    async mustBeRolledOut(labels: Labels = {}): Promise<void> {
      const { items } = await json<Listed<WorkloadJson>>(
        'get',
        'deployments,statefulsets',
        '-l',
        selectorOf(labels),
      );
      if (items.length === 0) throw new Error('Nothing is deployed.');
      const late = items.filter(({ metadata, spec, status }) => {
        const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
        const all = [replicas, updatedReplicas, availableReplicas].every((n) => n === spec.replicas);
        return observedGeneration < metadata.generation || !all;
      });
      if (late.length > 0) throw new Error(`Waiting for ${late.map((it) => it.metadata.name).join(', ')}.`);
    },

    async secret(name: string, key: string): Promise<string> {
      const { data } = await json<{ data: Record<string, string> }>('get', 'secret', name);
      const value = data[key];
      if (value === undefined) throw new Error(`The Secret ${name} has no key ${key}.`);
      return Buffer.from(value, 'base64').toString();
    },

    replicas: async (name: string) =>
      (await json<WorkloadJson>('get', 'deployment', `${release}-${name}`)).spec.replicas,
  };
}

export type Kube = ReturnType<typeof createKube>;
