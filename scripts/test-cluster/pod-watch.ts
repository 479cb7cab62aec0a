import { setTimeout as sleep } from 'node:timers/promises';
import { follow } from './commands.ts';
import type { Kube } from './kube.ts';

/** A pod as it is now. */
export type SeenPod = { uid: string; name: string; ready: boolean; leaving: boolean; gone: boolean };

type Options = {
  env: NodeJS.ProcessEnv;
  kube: Kube;
  component: string;
  onPod: (pod: SeenPod) => void;
  over: AbortSignal;
};

const FIELDS = [
  '{.type}',
  '{.object.metadata.uid}',
  '{.object.metadata.name}',
  '{.object.metadata.deletionTimestamp}',
  '{.object.status.conditions[?(@.type=="Ready")].status}',
];

/** Tells of every pod of a component, at first and whenever one changes, until it is over. */
export async function watchPods({ env, kube, component, onPod, over }: Options): Promise<void> {
  const which = ['get', 'pods', '-l', kube.selectorOf({ component })];
  const how = ['--watch', '--output-watch-events', '-o', `jsonpath=${FIELDS.join('|')}{"\\n"}`];
  while (!over.aborted) {
    const onLine = (line: string) => {
      const [type, uid, name, deletedAt, ready] = line.split('|');
      if (!uid || !name) return;
      onPod({ uid, name, ready: ready === 'True', leaving: deletedAt !== '', gone: type === 'DELETED' });
    };
    await follow('kubectl', ['--namespace', kube.namespace, ...which, ...how], { env, signal: over, onLine })
      .ended;
    await sleep(200, undefined, { signal: over }).catch(() => {}); // the API server ends a watch now and then
  }
}
