import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commands } from './commands.ts';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

/**
 * A port on the loopback that leads to a ready pod of a workload, and to the next one when that is gone: kubectl gives
 * up as soon as a connection to the pod breaks. Until it is back whoever connects is refused.
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
  let localPort = 0;

  async function forwardOnce(): Promise<void> {
    const pods = await kube.pods({ component });
    const pod = pods.find(({ name, ready, leaving }) => name.startsWith(`${workload}-`) && ready && !leaving);
    if (!pod) return;
    const ports = `${localPort || ''}:${port}`;
    const args = ['--namespace', kube.namespace, 'port-forward', '--address', '127.0.0.1', pod.name, ports];
    const child = spawn('kubectl', args, { env, signal: over, stdio: ['ignore', 'pipe', 'ignore'] });
    child.on('error', () => {}); // its end is what counts
    createInterface(child.stdout).on('line', (line) => {
      localPort = Number(/^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? localPort);
    });
    // It may hold on to a pod that is gone for as long as nobody hangs up.
    const forDeletion = ['--namespace', kube.namespace, 'wait', '--for=delete', `pod/${pod.name}`];
    const watcher = spawn('kubectl', [...forDeletion, '--timeout=24h'], {
      env,
      signal: over,
      stdio: 'ignore',
    });
    watcher.on('error', () => {}).once('close', () => child.kill());
    if (child.pid !== undefined) await once(child, 'close');
    watcher.kill();
  }

  async function forwardAlways(): Promise<void> {
    while (!over.aborted) {
      await forwardOnce().catch(() => {}); // of no use now, and tried again
      await sleep(200, undefined, { signal: over }).catch(() => {});
    }
  }

  const running = forwardAlways();
  const stop = () => {
    stopped.abort();
    return running;
  };
  const isUp = () => {
    if (localPort === 0) throw new Error('kubectl port-forward does not come up.');
  };
  await until(`a port-forward to ${workload}`, isUp, { seconds: 60, everyMs: 50, signal: over }).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  return { port: localPort, stop };
}
