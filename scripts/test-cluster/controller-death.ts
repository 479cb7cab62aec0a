import type { Kube, Pod } from './kube.ts';
import { until } from './until.ts';

/** No signal from within a container kills its first process; its debugger ends it in the middle of a line. */
const END = `
  process.kill(1, 'SIGUSR1');
  const address = async () => {
    for (;;) {
      const list = await fetch('http://127.0.0.1:9229/json/list').then((it) => it.json()).catch(() => []);
      if (list[0]) return list[0].webSocketDebuggerUrl;
    }
  };
  address().then((url) => {
    const socket = new WebSocket(url);
    const params = { expression: 'process.abort()' };
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
  });`;

/** Makes the chaos controller's pod go. */
export type EndOfController = (kube: Kube, signal: AbortSignal) => Promise<void>;

const labels = { name: 'chaos-controller', component: 'service' };

/** As a crash of its node would, but for the pod, which is forgotten at once so that the next one comes. */
export const killController: EndOfController = async (kube, signal) => {
  const pod = await podOf(kube);
  // It goes down with what it kills.
  await kube.kubectl('exec', pod.name, '--', 'node', '-e', END).catch(() => {});
  const isDead = async () => {
    const now = (await kube.pods(labels)).find(({ uid }) => uid === pod.uid);
    if (now?.ready && now.restarts === pod.restarts) throw new Error(`${pod.name} lives.`);
  };
  await until('the chaos controller is dead', isDead, { seconds: 20, everyMs: 100, signal });
  await kube.kubectl('delete', 'pod', pod.name, '--grace-period=0', '--force', '--ignore-not-found');
};

/** As when a node is drained: the next one comes while this one still ends in good order. */
export const replaceController: EndOfController = async (kube) => {
  await kube.kubectl('delete', 'pod', (await podOf(kube)).name, '--wait=false');
};

async function podOf(kube: Kube): Promise<Pod> {
  const pod = (await kube.pods(labels)).find(({ ready, leaving }) => ready && !leaving);
  if (!pod) throw new Error('There is no chaos controller.');
  return pod;
}
