import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./orphan-guard.sh', import.meta.url));

/**
 * Ends a process when this one dies without having ended it, SIGKILL included: a small shell reads a pipe that only
 * this process holds, and at its end sends `signals` one after another, 10 s apart, until the process is gone.
 * The signal '0' only waits. Call `release` once the process has ended, before its id can belong to another.
 */
export function guardAgainstOrphan(pid: number, signals: string[]): { release(): void } {
  const guard = spawn('/bin/sh', [script, String(pid), ...signals], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a session of its own, so that Ctrl-C in the terminal does not reach it.
    detached: true,
  });
  guard.on('error', (error) => process.emitWarning(`Process ${pid} is not guarded: ${error.message}`));
  guard.stdin.on('error', () => {});
  guard.unref();
  return { release: () => guard.stdin.end('released\n') };
}
