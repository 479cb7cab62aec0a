import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe, Probes } from './probes.ts';
import type { SupervisedProcess } from './process.ts';

/**
 * Restarts a process as the kubelet restarts a container: when its startup probe fails too often before it
 * passed once, or its liveness probe after that. A process that a drill has frozen (`isFrozen`) is not probed: the drill
 * thaws it, and in a cluster the kubelet still reaches a pod that a drill has cut off.
 */
export function watchLiveness(options: {
  process: SupervisedProcess;
  /** The address that the paths of the probes are added to. */
  url: string;
  isFrozen: () => boolean;
  probes: Probes;
  /** Receives one line for each restart, with its reason. */
  note: (message: string) => void;
}): { stop(): void } {
  const { process, url, isFrozen, probes, note } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let watched: string | undefined;
  let failures = 0;

  /** Probes once, and returns the probe to use next. */
  async function round(probe: Probe): Promise<Probe> {
    const { uid } = process;
    if (uid !== watched) {
      watched = uid;
      failures = 0;
      return probes.startup;
    }
    if (uid === undefined || isFrozen()) {
      failures = 0;
      return probe;
    }
    const failure = await failureOf(url, probe, signal);
    // The process may have ended, or a drill may have frozen it, while the answer was awaited.
    if (signal.aborted || process.uid !== uid || isFrozen()) return probe;
    if (failure === undefined) {
      failures = 0;
      return probes.liveness;
    }
    failures += 1;
    if (failures < probe.failureThreshold) return probe;
    note(`${process.name}: ${probe.path} failed ${failures} times in a row (${failure}); it is restarted`);
    failures = 0;
    await process.restart();
    return probes.startup;
  }

  async function run(): Promise<void> {
    let probe = probes.startup;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const { periodMs } = probe;
      probe = await round(probe);
      const restMs = Math.max(0, periodMs - (performance.now() - startedAt));
      await sleep(restMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  void run();
  return { stop: () => stopping.abort() };
}

/** Returns how a probe failed, or `undefined` when the answer was 200. */
async function failureOf(
  url: string,
  { path, timeoutMs }: Probe,
  stopped: AbortSignal,
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stopped]);
    const response = await fetch(url + path, { signal });
    const body = await response.text();
    return response.status === 200 ? undefined : `answer ${response.status} ${body.slice(0, 200)}`;
  } catch (error) {
    const { name, message, cause } = error as Error;
    if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
    return cause instanceof Error ? cause.message : message;
  }
}
