import { createLedgers } from '../../e2e/ledgers.ts';
import type { Commands } from './commands.ts';
import type { Kube } from './kube.ts';
import { openForward } from './port-forward.ts';
import { keepers } from './workloads.ts';

/** The books of every service in the cluster, read from its Postgres with the password of its Secret. */
export async function openBooks(commands: Commands, kube: Kube) {
  const closers: (() => Promise<void>)[] = [];
  const forward = async (resource: string, component: string, port: number) => {
    const { port: local, stop } = await openForward(commands, kube, resource, component, port);
    closers.push(stop);
    return local;
  };
  const close = async () => void (await Promise.all(closers.map((closer) => closer())));

  try {
    const urls = new Map<string, string>();
    for (const service of keepers) {
      const name = `${kube.release}-${service}-postgres`;
      const password = encodeURIComponent(await kube.secret(name, 'password'));
      const port = await forward(name, 'postgres', 5432);
      urls.set(`orderflow_${service}`, `postgres://orderflow:${password}@127.0.0.1:${port}/orderflow`);
    }
    const name = `${kube.release}-redis`;
    const password = encodeURIComponent(await kube.secret(name, 'password'));
    const redisUrl = `redis://:${password}@127.0.0.1:${await forward(name, 'redis', 6379)}`;
    const ledgers = createLedgers({ postgres: { url: (database = '') => urls.get(database)! }, redisUrl });
    closers.unshift(ledgers.close);
    return { ledgers, close };
  } catch (error) {
    await close();
    throw error;
  }
}
