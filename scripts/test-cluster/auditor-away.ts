import { setTimeout as sleep } from 'node:timers/promises';
import { streamsOf } from '@orderflow/contracts/groups';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

type Means = { kube: Kube; signal: AbortSignal; say: (text: string) => void };

/** How long an auditor that is back may take to read what it missed. */
const CATCH_UP_SECONDS = 600;
/** Orders stream in all the time, so that a reader is at the end of a stream when it is this close to it. */
const CLOSE_MS = 5_000;

type Options = {
  seconds: number;
  /** What Redis has room for beside what it holds, little enough that it fills up; the limit of the chart when not given. */
  roomBytes?: number;
};

/**
 * Scales the auditor to zero for a time, and back. Throws unless it has read all that it missed when this ends, and, where
 * Redis was given little room, unless it was cut loose meanwhile. Says how full Redis was and how long catching up took.
 */
export async function auditorAway(
  { kube, signal, say }: Means,
  { seconds, roomBytes }: Options,
): Promise<void> {
  const redis = (...command: string[]) =>
    kube.kubectl('exec', `${kube.release}-redis-0`, '-c', 'redis', '--', 'redis-cli', ...command);
  const ask = async (service: string, sql: string) => {
    const pod = `${kube.release}-${service}-postgres-0`;
    return (await kube.kubectl('exec', pod, '--', 'psql', '-U', 'orderflow', '-tAc', sql)).trim();
  };
  const scale = (replicas: number) =>
    kube.kubectl('scale', 'deployment', `${kube.release}-auditor`, `--replicas=${replicas}`);
  const cuts = () =>
    ask('order', "SELECT count(*) FROM messaging.cut_loose WHERE consumer_group = 'auditor'");
  const usedBytes = async () => Number((await redis('info', 'memory')).match(/^used_memory:(\d+)/m)?.[1]);
  const info = async (...command: string[]) => JSON.parse(await redis('--json', 'xinfo', ...command));
  const msOf = (id: string) => Number(id.split('-')[0]);
  const behindMs = async (stream: string) => {
    const groups: { name: string; 'last-delivered-id': string }[] = await info('groups', stream);
    const group = groups.find(({ name }) => name === 'auditor');
    if (!group) throw new Error(`The auditor does not read ${stream}.`);
    return msOf((await info('stream', stream))['last-generated-id']) - msOf(group['last-delivered-id']);
  };
  const mustBeCaughtUp = async () => {
    const open = await ask('auditor', 'SELECT count(*) FROM messaging.catch_up WHERE NOT done');
    if (open !== '0' || (await cuts()) !== '0')
      throw new Error(`${open} outboxes are not read to their end.`);
    for (const service of streamsOf('auditor')) {
      const behind = await behindMs(`orderflow:${service}`);
      if (behind > CLOSE_MS) throw new Error(`It is ${behind} ms behind in orderflow:${service}.`);
    }
  };

  const [, limit = ''] = (await redis('config', 'get', 'maxmemory')).trim().split(/\s+/);
  const used = await usedBytes();
  const replicas = await kube.replicas('auditor');
  try {
    if (roomBytes) await redis('config', 'set', 'maxmemory', String(used + roomBytes));
    await scale(0);
    await sleep(seconds * 1000, undefined, { signal });
    const wasCut = (await cuts()) !== '0';
    say(`  Redis holds ${megabytes(await usedBytes())}, the auditor was ${wasCut ? '' : 'not '}cut loose`);
    if (roomBytes && !wasCut) throw new Error('The auditor was not cut loose: Redis did not fill up.');
    await scale(replicas);
    const rolledOut = () => kube.mustBeRolledOut({ name: 'auditor', component: 'service' });
    await until('the auditor is back', rolledOut, { seconds: 180, signal });
    const backAt = performance.now();
    await until('the auditor has caught up', mustBeCaughtUp, { seconds: CATCH_UP_SECONDS, signal });
    say(
      `  the auditor had caught up ${((performance.now() - backAt) / 1000).toFixed(1)} s after it was back`,
    );
  } finally {
    await scale(replicas);
    await redis('config', 'set', 'maxmemory', limit);
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
