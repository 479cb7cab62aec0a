import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Commands } from './commands.ts';
import { TAG } from './images.ts';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

/** What an unpaid order holds its items for: longer than any fault may stop payments, short enough to wait for. */
export const RESERVATION_SECONDS = 90;

const values = {
  global: { demo: true, image: { tag: TAG }, drills: { allowed: true, admissionPolicy: true } },
  inventory: { env: { RESERVATION_TTL_SECONDS: String(RESERVATION_SECONDS) } },
  // The customers of a run log in once.
  customer: { env: { ACCESS_TOKEN_SECONDS: '3600' } },
  // Each follows at once on the one before.
  'chaos-controller': { env: { DRILL_COOLDOWN_SECONDS: '0' } },
};

type Parts = { commands: Commands; kube: Kube; root: string; say: (text: string) => void };

/** OrderFlow as Helm installs it into a namespace of its own. */
export function createRelease({ commands, kube, root, say }: Parts) {
  const { run, signal } = commands;
  const { namespace, release } = kube;
  const helm = (...args: string[]) =>
    run('helm', [...args, '--namespace', namespace], { input: JSON.stringify(values) });

  const chartOf = (folder: string) => join(folder, 'charts', 'orderflow');

  async function mustBeReady(): Promise<void> {
    await kube.mustBeRolledOut({ 'part-of': 'orderflow' });
    const late = (await kube.pods()).filter(
      (pod) => !pod.ready && !['Succeeded', 'Failed'].includes(pod.phase),
    );
    if (late.length > 0) throw new Error(`Waiting for ${late.map(({ name }) => name).join(', ')}.`);
  }

  /** Runs helm, and waits until all is ready, saying what is not. */
  async function apply(verb: string[], chart: string): Promise<void> {
    const done = new AbortController();
    const watching = watch(AbortSignal.any([done.signal, ...(signal ? [signal] : [])]));
    try {
      await helm(...verb, release, chart, '-f', '-', '--timeout', '10m');
      await until('everything is ready', mustBeReady, { seconds: 300, everyMs: 1_000, signal });
    } finally {
      done.abort();
      await watching;
    }
  }

  async function watch(over: AbortSignal): Promise<void> {
    let said = '';
    const look = async () => {
      const pods = (await kube.pods()).filter(({ phase }) => phase !== 'Succeeded');
      const text = `${pods.filter(({ ready }) => ready).length} of ${pods.length} pods are ready`;
      if (text !== said && !over.aborted) say(text);
      said = text;
      throw new Error(text);
    };
    await until('the end', look, { seconds: 1_200, everyMs: 3_000, signal: over }).catch(() => {});
  }

  const uninstall = () => run('helm', ['uninstall', release, '--namespace', namespace, '--ignore-not-found']);

  return {
    uninstall,
    /** Makes the namespace. Throws when there is one of this name: it is not ours to delete. */
    async createNamespace(): Promise<void> {
      try {
        await run('kubectl', ['create', 'namespace', namespace]);
      } catch (error) {
        if (!String(error).includes('AlreadyExists')) throw error;
        throw new Error(
          `There is a namespace ${namespace} already. Delete it (kubectl delete namespace ${namespace}), or choose another with --namespace.`,
        );
      }
      const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
      await run('kubectl', ['label', 'namespace', namespace, ...labels]);
    },

    install: () => apply(['install'], chartOf(root)),
    upgrade: () => apply(['upgrade'], chartOf(root)),

    /** Installs the charts of another commit. */
    async installOf(ref: string): Promise<void> {
      const folder = await mkdtemp(join(tmpdir(), 'orderflow-charts-'));
      try {
        const script = 'git -C "$1" archive "$2" charts | tar -x -C "$3"';
        await run('sh', ['-c', script, 'sh', root, ref, folder]).catch((error: Error) => {
          throw new Error(`No charts of ${ref}: ${error.message}`);
        });
        await apply(['install'], chartOf(folder));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },

    test: () => run('helm', ['test', release, '--namespace', namespace, '--timeout', '5m']),

    /** With everything in its namespace, the volumes too, and what it has outside of it. */
    async remove(): Promise<void> {
      await uninstall();
      await kube.kubectl('delete', 'drills', '--all', '--timeout=60s').catch(() => {});
      await run('kubectl', ['delete', 'namespace', namespace, '--wait', '--timeout=180s']);
    },
  };
}
