import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Commands, follow } from './commands.ts';
import type { Kube } from './kube.ts';
import { type SeenPod, watchPods } from './pod-watch.ts';
import { until } from './until.ts';

type Forward = { uid: string; port: number; end: () => void };

/**
 * A port on the loopback that leads to a ready pod of a workload. As the Service in front of it does, it sends new
 * connections to another pod once one is leaving, and lets those that are open come to their end. Where none is ready,
 * it hangs up.
 */
export async function openForward(
  { env, signal }: Commands,
  kube: Kube,
  workload: string,
  component: string,
  port: number,
) {
  const stopped = new AbortController();
  const over = AbortSignal.any([stopped.signal, ...(signal ? [signal] : [])]);
  const pods = new Map<string, SeenPod>();
  const forwards = new Map<string, Forward>();
  const ends = new Set<Promise<void>>();
  let current: Forward | undefined;

  const isServing = ({ ready, leaving }: SeenPod) => ready && !leaving;

  function onPod(pod: SeenPod): void {
    if (!pod.name.startsWith(`${workload}-`)) return;
    pods.set(pod.uid, pod);
    if (pod.gone) {
      pods.delete(pod.uid);
      // It would hold on to it for as long as nobody hangs up.
      forwards.get(pod.uid)?.end();
    }
    choose();
  }

  function choose(): void {
    const used = current && pods.get(current.uid);
    if (over.aborted || (used && isServing(used))) return;
    // The newest: of one that was deleted while a watch began anew nobody tells.
    const next = [...pods.values()].findLast(isServing);
    if (!next || forwards.has(next.uid)) return;
    const ending = forwardTo(next).finally(() => ends.delete(ending));
    ends.add(ending);
  }

  /** Ends with kubectl, which gives up as soon as a connection to the pod breaks. */
  async function forwardTo({ uid, name }: SeenPod): Promise<void> {
    const args = ['--namespace', kube.namespace, 'port-forward', '--address', '127.0.0.1', name, `:${port}`];
    const onLine = (line: string) => {
      forward.port = Number(/^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? forward.port);
      if (forward.port === 0) return;
      current = forward;
      choose();
    };
    const { ended, end } = follow('kubectl', args, { env, signal: over, onLine });
    const forward: Forward = { uid, port: 0, end };
    forwards.set(uid, forward);
    await ended;
    if (current === forward) current = undefined;
    await sleep(200, undefined, { signal: over }).catch(() => {});
    forwards.delete(uid);
    choose();
  }

  const clients = new Set<Socket>();
  const server = createServer((client) => {
    if (!current) return void client.destroy();
    clients.add(client.once('close', () => clients.delete(client)));
    join(client, connect(current.port, '127.0.0.1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const watching = watchPods({ env, kube, component, onPod, over });
  async function stop(): Promise<void> {
    stopped.abort();
    server.close();
    for (const client of clients) client.destroy();
    await Promise.all([watching, ...ends]);
  }
  const isUp = () => {
    if (!current) throw new Error('kubectl port-forward does not come up.');
  };
  await until(`a port-forward to ${workload}`, isUp, { seconds: 60, everyMs: 50, signal: over }).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  return { port: (server.address() as { port: number }).port, stop };
}

/** What one says the other hears, and both end together. */
function join(client: Socket, pod: Socket): void {
  for (const [from, to] of [
    [client, pod],
    [pod, client],
  ] as const) {
    from.pipe(to);
    from.on('error', () => {}).once('close', () => to.destroy());
  }
}
