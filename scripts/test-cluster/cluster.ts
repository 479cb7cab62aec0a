import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createCommands } from './commands.ts';

/** How to reach a cluster: the environment of kubectl, helm and docker, and what brings images to its node. */
export type Cluster = { env: NodeJS.ProcessEnv; context: string; load: string[]; buildArgs: string[] };

type Wishes = {
  root: string;
  signal: AbortSignal;
  loadCommand: string | undefined;
  say: (text: string) => void;
};

/** The cluster that kubectl reaches; else that of the program in ORDERFLOW_CLUSTER, which is started. */
export async function findCluster({ root, signal, loadCommand, say }: Wishes): Promise<Cluster> {
  const program = ownProgram(root);
  const programEnv = program && (await environmentOf(program, signal));
  if (await answers(process.env, signal)) {
    const own = programEnv && programEnv.KUBECONFIG === process.env.KUBECONFIG;
    const context = await contextOf(process.env, signal);
    const load = own ? [program!, 'load'] : loaderOf(context);
    return finish(own ? programEnv : process.env, context, load, Boolean(own));
  }
  if (!program || !programEnv) {
    throw new Error(
      'No cluster answers. Start one, such as with "kind create cluster" or "minikube start", or point KUBECONFIG to one.',
    );
  }
  say(`no cluster answers: ${program} up`);
  await createCommands(process.env, signal).run(program, ['up']);
  return finish(programEnv, await contextOf(programEnv, signal), [program, 'load'], true);

  function finish(
    env: NodeJS.ProcessEnv,
    context: string,
    load: string[] | undefined,
    own: boolean,
  ): Cluster {
    const chosen = loadCommand ? ['sh', '-c', `${loadCommand} "$@"`, 'load'] : load;
    if (!chosen) {
      throw new Error(
        `How do images come to the nodes of ${context}? It is neither kind nor minikube: say it with --load-command.`,
      );
    }
    // Its engine builds without a network unless told.
    return { env, context, load: chosen, buildArgs: own ? ['--network', 'host'] : [] };
  }
}

/** A program that runs a cluster of its own, for root only. */
function ownProgram(root: string): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const named = process.env.ORDERFLOW_CLUSTER;
  if (named && !existsSync(named)) throw new Error(`ORDERFLOW_CLUSTER names ${named}, which is not there.`);
  const beside = join(root, '..', 'shared', 'cluster', 'cluster');
  return named || (existsSync(beside) ? beside : undefined);
}

/** What the `export` lines of `program env` make of our environment. */
async function environmentOf(program: string, signal: AbortSignal): Promise<NodeJS.ProcessEnv> {
  const script = 'eval "$("$0" env)" && env -0';
  const printed = await createCommands(process.env, signal).run('sh', ['-c', script, program]);
  const pairs = printed.split('\0').flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
  });
  return Object.fromEntries(pairs);
}

async function answers(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<boolean> {
  const { run } = createCommands(env, signal);
  try {
    // Without a context kubectl would ask localhost:8080, where the OrderFlow of npm start answers.
    await run('kubectl', ['config', 'current-context']);
    await run('kubectl', ['get', '--raw', '/readyz', '--request-timeout=5s']);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.message.endsWith('is not installed.')) throw error;
    return false;
  }
}

const contextOf = async (env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> =>
  (await createCommands(env, signal).run('kubectl', ['config', 'current-context'])).trim();

function loaderOf(context: string): string[] | undefined {
  if (context.startsWith('kind-')) return ['kind', 'load', 'docker-image', '--name', context.slice(5)];
  if (context === 'minikube') return ['minikube', 'image', 'load'];
  return undefined;
}
