import { setTimeout as after } from 'node:timers/promises';
import { backoffMs, healthyAfterMs } from './backoff.ts';
import type { Exit, ServerProcess } from './server-process.ts';

export type ServerHandle = {
  /** The process id now; another one after `restart`. */
  readonly pid: number;
  /** Tells the process that runs now from the next one; undefined while there is none. */
  readonly uid: string | undefined;
  /** Settles when the process that runs now has ended. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** Ends it in good order; it stays down until `restart`. */
  stop(): Promise<void>;
  /** Sends a signal (SIGKILL when none is named) as a failure would. */
  kill(signal?: NodeJS.Signals): void;
  /** Brings it up on the same port with the same data, stopping it first when it runs. */
  restart(): Promise<void>;
};

/** A server that can be ended and brought back under the same handle; with `keepUp` it comes back by itself unless stopped. */
export async function keepHandle(
  launch: () => Promise<ServerProcess>,
  options: { keepUp: boolean; note: (message: string) => void },
): Promise<ServerHandle> {
  let current = await launch();
  let running = false;
  let startedAt = 0;
  let wanted = true;
  let restarting: Promise<void> | undefined;

  const watch = () => {
    const watched = current;
    startedAt = Date.now();
    running = true;
    void watched.exited.then(({ code, signal }) => {
      if (watched !== current) return;
      running = false;
      if (!options.keepUp || !wanted) return;
      options.note(`ended unasked (${signal ?? `exit code ${code}`}); it is started again`);
      void bringBack(Date.now() - startedAt > healthyAfterMs ? 0 : 1);
    });
  };
  const bringBack = async (restarts: number) => {
    // On a full disk it cannot start for hours; its log has the reason each time, and a person reads it once.
    for (let failures = 0; ; failures += 1) {
      await after(backoffMs(restarts + failures));
      if (!wanted || running) return;
      try {
        await restart();
        options.note('runs again');
        return;
      } catch (error) {
        if (failures === 0)
          options.note(`did not come back, and is tried again until it does: ${(error as Error).message}`);
      }
    }
  };
  const stop = async () => {
    wanted = false;
    await restarting?.catch(() => {});
    if (running) await current.stop();
  };
  const relaunch = async () => {
    if (running) await current.stop();
    current = await launch();
    watch();
  };
  const restart = () => {
    wanted = true;
    restarting ??= relaunch().finally(() => {
      restarting = undefined;
    });
    return restarting;
  };
  watch();

  return {
    get pid() {
      return current.pid;
    },
    get uid() {
      return running ? `${current.pid}-${startedAt}` : undefined;
    },
    get exited() {
      return current.exited;
    },
    get running() {
      return running;
    },
    stop,
    kill: (signal) => current.kill(signal),
    restart,
  };
}
