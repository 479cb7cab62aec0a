import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { worksIn } from './command-line.ts';
import { baseEnv } from './config.ts';
import { prepareDataFolder } from './folders.ts';
import { freePort } from './ports.ts';
import { isRedisProcess, redisBinary } from './redis-binary.ts';
import { damageIn, setAside } from './redis-damage.ts';
import { keptSecret } from './secrets.ts';
import { keepHandle, type ServerHandle } from './server-handle.ts';
import { launchServer, type ServerProcess } from './server-process.ts';
import { socketPath } from './unix-socket.ts';

export type LocalRedis = ServerHandle & {
  port: number;
  password: string;
  /** Names the port and, as `path`, the Unix socket, which ioredis prefers; without it it uses TCP. */
  url: string;
  /** Deletes all data of a Redis that is stopped, as when its disk is lost. */
  wipe(): void;
};

/**
 * Starts a Redis (or Valkey) of one's own on 127.0.0.1 that appends to disk every second and never evicts, and waits
 * until it serves. `dataDir` is made when missing and holds the data, the random password and, unless its path
 * is too long for one, a Unix socket. Port 0 picks a free one.
 * It ends with this process, even when that is killed. Throws when no Redis can be had or the port or data is in use.
 */
export async function startRedis(options: {
  dataDir: string;
  port: number;
  /** Every line of its log. */
  log: (line: string) => void;
  /** What a person should know besides; goes to the log when not given. */
  note?: (message: string) => void;
  /** Starts it again when it ends without having been stopped. */
  keepUp?: boolean;
}): Promise<LocalRedis> {
  const note = options.note ?? options.log;
  const account = serverAccount(options.dataDir);
  const { command, libraryPath } = await redisBinary({ account, log: note });
  const folder = prepareDataFolder({ path: options.dataDir, account, log: note });
  const password = keptSecret(join(folder, 'password'));
  const port = options.port || (await freePort());
  const data = join(folder, 'data');
  const pidFile = join(folder, 'redis.pid');
  const socket = socketPath(folder, 'redis.sock');

  const launchWithData = async (): Promise<ServerProcess> => {
    refuseSecondCopy(pidFile, data);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    if (account) chownSync(data, account.uid, account.gid);
    const server = await launchServer({
      name: 'Redis',
      command,
      args: ['-'],
      // By standard input, so that the password is in no process list.
      input: configuration({ port, password, data, socket }),
      env: { ...baseEnv(), ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) },
      account,
      ready: /Ready to accept connections/,
      stopSignals: [['SIGTERM', 20_000]],
      log: options.log,
      explain: (log) => explain(log, { port, data }),
    });
    try {
      writeFileSync(pidFile, String(server.pid));
    } catch (error) {
      // On a full disk it serves all the same. A second copy is still refused by the lock of the folder above.
      note(`its process id cannot be written to ${pidFile} (${(error as Error).message})`);
    }
    return server;
  };

  /** Nothing is lost with damaged data: the outboxes are published again. */
  const launch = async (): Promise<ServerProcess> => {
    try {
      return await launchWithData();
    } catch (error) {
      const reason = damageIn((error as Error).message);
      if (!reason) throw error;
      note(`its data is damaged (${reason}); it starts empty, and ${setAside(data)} has what was there`);
      return launchWithData();
    }
  };

  const handle = await keepHandle(launch, { keepUp: options.keepUp ?? false, note });
  const wipe = () => {
    if (handle.running) throw new Error('Redis still runs: await stop() before wipe().');
    rmSync(data, { recursive: true, force: true });
  };
  const search = socket ? `?path=${encodeURIComponent(socket)}` : '';
  const url = `redis://:${password}@127.0.0.1:${port}${search}`;
  return Object.assign(handle, { port, password, url, wipe });
}

function configuration(options: {
  port: number;
  password: string;
  data: string;
  socket: string | undefined;
}): string {
  const { port, password, data, socket } = options;
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    // For the one who runs the server and for root; the folder is as private.
    ...(socket ? [`unixsocket ${quoted(socket)}`, 'unixsocketperm 700'] : []),
    `requirepass ${password}`,
    `dir ${quoted(data)}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    '',
  ].join('\n');
}

/** A path as one word of a configuration, whatever characters it has. */
const quoted = (path: string): string => `"${path.replaceAll(/["\\]/g, '\\$&')}"`;

/** Redis does not lock its data, and two of them on one append-only file destroy it. */
function refuseSecondCopy(pidFile: string, data: string): void {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  // After a power cut the id may be that of a Redis with other data.
  if (isRedisProcess(pid) && worksIn(pid, data)) {
    throw new Error(
      `The data in ${data} is in use by another Redis (process ${pid}). Stop that copy of OrderFlow first.`,
    );
  }
}

function explain(log: string, { port, data }: { port: number; data: string }): Error {
  if (/Address already in use/.test(log)) {
    return new Error(
      `Port ${port} is taken, Redis needs it. Stop what listens there, or set PORT_REDIS to a free port.`,
    );
  }
  return new Error(
    `Redis ended while it started. Its last words:\n${log}\n` +
      `If they are about its data: it has nothing that Postgres does not have. Delete ${data} and start again.`,
  );
}
