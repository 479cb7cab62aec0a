import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { createInterface } from 'node:readline';

type RunOptions = {
  /** Goes to its standard input. */
  input?: string;
  /** Gets what it prints, while it prints. */
  onLine?: (line: string) => void;
};

/** Runs programs to their end; when the signal fires they are ended. */
export function createCommands(env: NodeJS.ProcessEnv, signal?: AbortSignal) {
  if (signal) setMaxListeners(0, signal);

  /** Gives what the program prints. Throws with the end of what it complains about when it fails. */
  function run(program: string, args: string[], { input, onLine }: RunOptions = {}): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const child = spawn(program, args, { env, signal });
    let printed = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      for (const line of text.split('\n')) if (line.trim()) onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-4_000);
    });
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
    child.once('error', (error: NodeJS.ErrnoException) => {
      signal?.aborted
        ? reject(signal.reason)
        : reject(error.code === 'ENOENT' ? new Error(`${program} is not installed.`) : error);
    });
    child.once('close', (code) => {
      if (code === 0) return resolve(printed);
      const what = [program, ...args.slice(0, 4)].join(' ');
      reject(new Error(`${what} … failed: ${complaints.trim() || printed.trim().slice(-2_000)}`));
    });
    return promise;
  }

  return { run, env, signal };
}

export type Commands = ReturnType<typeof createCommands>;

type Follow = { env: NodeJS.ProcessEnv; signal: AbortSignal; onLine: (line: string) => void };

/** Runs a program for what it tells while it runs. Ends with it, whatever the reason. */
export function follow(program: string, args: string[], { env, signal, onLine }: Follow) {
  const child = spawn(program, args, { env, signal, stdio: ['ignore', 'pipe', 'ignore'] });
  createInterface(child.stdout).on('line', onLine);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    // One that the signal has killed closes too; one that never ran does not.
    child.on('error', () => child.pid ?? resolve());
  });
  return { ended, end: () => void child.kill() };
}
