import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Account } from './account.ts';
import { guardAgainstOrphan } from './orphan-guard.ts';

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export type ServerOptions = {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  account: Account;
  /** Written to its standard input, which is then closed. */
  input?: string;
  /** The line of its log by which it says that it serves. */
  ready: RegExp;
  /** Sent one after another until it ends, each with the milliseconds it is given. SIGKILL follows by itself. */
  stopSignals: [signal: NodeJS.Signals, graceMs: number][];
  log: (line: string) => void;
  /** Makes an error that says what to do next from the log of a start that failed. */
  explain: (log: string) => Error | undefined;
};

export type ServerProcess = {
  pid: number;
  exited: Promise<Exit>;
  kill(signal?: NodeJS.Signals): void;
  stop(): Promise<void>;
};

/** Starts a database server and waits until it serves. Throws what `explain` makes of its log when it ends instead. */
export async function launchServer(options: ServerOptions): Promise<ServerProcess> {
  const child = spawn(options.command, options.args, {
    cwd: '/',
    env: options.env,
    stdio: 'pipe',
    // In a session of its own: Ctrl-C is for the supervisor, which stops the services first.
    detached: true,
    ...options.account,
  });
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    throw new Error(`${options.name} did not start (${options.command}): ${error.message}`);
  }
  const guard = guardAgainstOrphan(child.pid, [
    ...options.stopSignals.map(([signal]) => signal.slice(3)),
    'KILL',
  ]);
  const exited = once(child, 'exit').then(([code, signal]): Exit => {
    guard.release();
    return { code, signal };
  });
  child.stdin.on('error', () => {}).end(options.input ?? '');

  const tail: string[] = [];
  const ready = new Promise<'ready'>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        options.log(line);
        if (tail.push(line) > 40) tail.shift();
        if (options.ready.test(line)) resolve('ready');
      });
    }
  });
  const closed = once(child, 'close');
  if ((await Promise.race([ready, exited])) !== 'ready') {
    await closed;
    const log = tail.join('\n');
    throw (
      options.explain(log) ?? new Error(`${options.name} ended while it started. Its last words:\n${log}`)
    );
  }

  return {
    pid: child.pid,
    exited,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    stop: () => stopInSteps(child, exited, options.stopSignals),
  };
}

async function stopInSteps(
  child: { kill(signal: NodeJS.Signals): boolean },
  exited: Promise<Exit>,
  steps: ServerOptions['stopSignals'],
): Promise<void> {
  // A drill may have frozen it; frozen it would not hear the others.
  child.kill('SIGCONT');
  for (const [signal, graceMs] of steps) {
    child.kill(signal);
    const timer = Promise.withResolvers<'late'>();
    const timeout = setTimeout(timer.resolve, graceMs, 'late');
    const outcome = await Promise.race([exited, timer.promise]);
    clearTimeout(timeout);
    if (outcome !== 'late') return;
  }
  child.kill('SIGKILL');
  await exited;
}
