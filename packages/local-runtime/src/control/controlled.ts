import { connect } from 'node:net';
import type { SupervisedProcess } from '../process.ts';
import { answers } from '../readiness.ts';
import type { ServerHandle } from '../server-handle.ts';

/** A process as drills see it: whatever it is, it can be ended, killed, frozen and kept down. */
export type Controlled = {
  name: string;
  kind: 'service' | 'postgres' | 'redis';
  /** Undefined while it does not run. */
  readonly uid: string | undefined;
  isReady(): Promise<boolean>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it in good order, and at once as a crash does. */
  signals: { terminate: NodeJS.Signals; kill: NodeJS.Signals };
  /** Why it cannot be frozen. */
  neverFrozen?: string;
  /** Ends it; it stays down until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
};

export const asService = (handle: SupervisedProcess, url: string): Controlled => ({
  name: handle.name,
  kind: 'service',
  get uid() {
    return handle.uid;
  },
  isReady: () => answers(`${url}/readyz`),
  signal: (signal) => void handle.kill(signal),
  signals: { terminate: 'SIGTERM', kill: 'SIGKILL' },
  down: () => handle.stop(),
  up: async () => {
    if (handle.state === 'stopped') handle.start();
  },
});

type LocalServer = ServerHandle & { port: number };

export const asRedis = (handle: LocalServer): Controlled =>
  asServer(handle, {
    name: 'redis',
    kind: 'redis',
    signals: { terminate: 'SIGTERM', kill: 'SIGKILL' },
  });

export const asPostgres = (handle: LocalServer): Controlled =>
  asServer(handle, {
    name: 'postgres',
    kind: 'postgres',
    // SIGTERM would wait for every client to leave; SIGQUIT lets all of its processes end as they stand, and its next
    // start recovers as from a crash. https://www.postgresql.org/docs/17/server-shutdown.html
    signals: { terminate: 'SIGINT', kill: 'SIGQUIT' },
    neverFrozen:
      'Postgres is many processes, which cannot be stopped together. Use crash, delete or scale-to-zero on one machine.',
  });

const asServer = (
  handle: LocalServer,
  kind: Pick<Controlled, 'name' | 'kind' | 'signals' | 'neverFrozen'>,
): Controlled => ({
  ...kind,
  get uid() {
    return handle.uid;
  },
  isReady: () => accepts(handle.port),
  signal: (signal) => handle.kill(signal),
  down: () => handle.stop(),
  up: async () => {
    if (!handle.running) await handle.restart();
  },
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
