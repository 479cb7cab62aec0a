import { setTimeout as sleep } from 'node:timers/promises';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

type Means = { kube: Kube; signal: AbortSignal };

/** How long an auditor that is back may take to read what it missed. */
const CATCH_UP_SECONDS = 600;

type Options = {
  seconds: number;
  /** What Redis has room for beside what it holds; the limit of the chart when not given. */
  roomBytes?: number;
};

/**
 * Scales the auditor to zero for a time in which Redis fills up, and back. Throws unless it was cut loose meanwhile, and has
 * read from the outboxes what it missed when this ends.
 */
export async function auditorAway({ kube, signal }: Means, { seconds, roomBytes }: Options): Promise<void> {
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
  const mustBeCut = async () => {
    if ((await cuts()) === '0') throw new Error('The auditor was not cut loose: Redis did not fill up.');
  };
  const mustBeCaughtUp = async () => {
    const open = await ask('auditor', 'SELECT count(*) FROM messaging.catch_up WHERE NOT done');
    if (open !== '0' || (await cuts()) !== '0')
      throw new Error(`${open} outboxes are not read to their end.`);
  };

  const [, limit = ''] = (await redis('config', 'get', 'maxmemory')).trim().split(/\s+/);
  const used = Number((await redis('info', 'memory')).match(/^used_memory:(\d+)/m)?.[1]);
  const replicas = await kube.replicas('auditor');
  try {
    if (roomBytes) await redis('config', 'set', 'maxmemory', String(used + roomBytes));
    await scale(0);
    await sleep(seconds * 1000, undefined, { signal });
    await mustBeCut();
    await scale(replicas);
    const rolledOut = () => kube.mustBeRolledOut({ name: 'auditor', component: 'service' });
    await until('the auditor is back', rolledOut, { seconds: 180, signal });
    await until('the auditor has caught up', mustBeCaughtUp, { seconds: CATCH_UP_SECONDS, signal });
  } finally {
    await scale(replicas);
    await redis('config', 'set', 'maxmemory', limit);
  }
}
