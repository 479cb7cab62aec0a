import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { backoffMs, healthyAfterMs } from './backoff.ts';
import { yieldProcessor } from './niceness.ts';
import { guardAgainstOrphan } from './orphan-guard.ts';
import type { Exit } from './server-process.ts';

export type ProcessState = 'running' | 'waiting to restart' | 'stopping' | 'stopped';

export type ProcessOptions = {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** Every line it writes, to standard output or standard error. */
  onLine: (line: string) => void;
  /** Told when it ended, and in how many milliseconds it is started again (undefined: it is not). */
  onEnd?: (exit: Exit, restartInMs: number | undefined) => void;
  restart: boolean;
  /** Above 0 others go first when the processor is short, as with `nice`. */
  niceness?: number;
};

export type SupervisedProcess = ReturnType<typeof superviseProcess>;

/**
 * Starts a process and brings it back when it ends, at once the first time, then with growing pauses of up to 5 s.
 * It has an IPC channel to this process, whose end tells it that it is alone; what does not leave within 10 s then is killed.
 */
export function superviseProcess(options: ProcessOptions) {
  let env = options.env;
  let child: ChildProcess | undefined;
  /** The one that SIGTERM was sent to. */
  let asked: ChildProcess | undefined;
  let exited: Promise<Exit>;
  let startedAt = 0;
  let state: ProcessState = 'stopped';
  let restarts = 0;
  let inARow = 0;
  let timer: NodeJS.Timeout | undefined;

  const launch = () => {
    startedAt = Date.now();
    state = 'running';
    child = spawnProcess({ ...options, env });
    if (child?.pid && options.niceness) void yieldProcessor(child.pid, options.niceness);
    exited = child ? exitOf(child, options.onLine) : Promise.resolve({ code: null, signal: null });
    void exited.then((exit) => {
      if (Date.now() - startedAt > healthyAfterMs) inARow = 0;
      const delay = options.restart && state === 'running' ? backoffMs(inARow) : undefined;
      state = delay === undefined ? 'stopped' : 'waiting to restart';
      options.onEnd?.(exit, delay);
      if (delay === undefined) return;
      timer = setTimeout(() => {
        restarts += 1;
        inARow += 1;
        launch();
      }, delay);
    });
  };

  const start = (change: { env?: Record<string, string> } = {}) => {
    if (state === 'running' || state === 'stopping') {
      throw new Error(`${options.name} is ${state}: await stop() before start().`);
    }
    clearTimeout(timer);
    env = { ...env, ...change.env };
    inARow = 0;
    launch();
  };

  /** Sends SIGTERM, kills after `graceMs`, and resolves when the process has ended. */
  const end = async (graceMs: number) => {
    const ending = child;
    // Once only: a second SIGTERM is often taken for impatience.
    if (asked !== ending) ending?.kill('SIGTERM');
    asked = ending;
    // A process that is frozen does not hear SIGTERM.
    ending?.kill('SIGCONT');
    const killer = setTimeout(() => ending?.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(killer);
  };

  /** Asks it to end with SIGTERM, kills it after `graceMs`, and resolves when it has ended. It stays down until `start`. */
  const stop = async (graceMs = 10_000) => {
    clearTimeout(timer);
    if (state === 'waiting to restart') state = 'stopped';
    if (state === 'stopped') return;
    state = 'stopping';
    await end(graceMs);
  };

  /** Ends it as `stop` does, and it comes back as after any end. Does nothing when it does not run. */
  const restart = async (graceMs = 10_000) => {
    if (state === 'running') await end(graceMs);
  };

  launch();

  return {
    name: options.name,
    get pid() {
      return state === 'running' || state === 'stopping' ? child?.pid : undefined;
    },
    /** Tells this process from the next one of the name; undefined while there is none. */
    get uid() {
      return state === 'running' && child?.pid !== undefined ? `${child.pid}-${startedAt}` : undefined;
    },
    get state() {
      return state;
    },
    /** How often it was brought back. */
    get restarts() {
      return restarts;
    },
    /** Settles when the process that runs now has ended. */
    get exited() {
      return exited;
    },
    /** Sends a signal (SIGKILL when none is named) as a failure would: it comes back. */
    kill: (signal: NodeJS.Signals = 'SIGKILL') => child?.kill(signal) ?? false,
    /** Sends a message over the IPC channel that only this process has to it. */
    send: (message: object) => child?.send(message) ?? false,
    stop,
    restart,
    /** Starts it after `stop`, with these changes to its environment from now on. */
    start,
  };
}

/** Undefined when the system refuses at once, as it does while the program is being replaced or memory is short. */
function spawnProcess(options: ProcessOptions): ChildProcess | undefined {
  try {
    return spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // In a session of its own: Ctrl-C is for the supervisor, which ends everything in order.
      detached: true,
    });
  } catch (error) {
    options.onLine(`It could not be started: ${(error as Error).message}`);
    return undefined;
  }
}

async function exitOf(child: ChildProcess, onLine: (line: string) => void): Promise<Exit> {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on('line', onLine);
  }
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    onLine(`It could not be started: ${error.message}`);
    return { code: null, signal: null };
  }
  const guard = guardAgainstOrphan(child.pid, ['0', 'KILL']);
  child.on('error', (error) => onLine(`Could not be signalled: ${error.message}`));
  const [code, signal] = await once(child, 'exit');
  guard.release();
  return { code, signal };
}
