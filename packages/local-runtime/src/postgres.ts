import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { serverAccount } from './account.ts';
import { baseEnv } from './config.ts';
import { prepareDataFolder } from './folders.ts';
import { freePort } from './ports.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { ensureCluster, resetPassword } from './postgres-cluster.ts';
import { explainPostgres, explainStatement } from './postgres-errors.ts';
import { passStaleLocks } from './postgres-locks.ts';
import { holdsSecret, keepSecret, keptSecret, randomSecret } from './secrets.ts';
import { keepHandle, type ServerHandle } from './server-handle.ts';
import { launchServer, type ServerProcess } from './server-process.ts';
import { socketPath } from './unix-socket.ts';

export type LocalPostgres = ServerHandle & {
  /** The folder of the database files. */
  cluster: string;
  port: number;
  user: string;
  password: string;
  /**
   * The address of a database, `postgres` when none is named, for the superuser unless another role is. It names the
   * port and, as `host`, the folder of the Unix socket, which libpq and node-postgres prefer; without it they use TCP.
   */
  url(database?: string, role?: { user: string; password: string }): string;
};

const defaults = {
  max_connections: '300',
  shared_buffers: '192MB',
  // Shown to whoever reads the log, and parsed below.
  lc_messages: 'C',
};

const ready = /database system is ready to accept connections/;
const stillAttached = /pre-existing shared memory block/;

/**
 * Starts a Postgres 17 of one's own on 127.0.0.1 with durability as it comes, and waits until it serves.
 * `dataDir` is made when missing and holds the database files, the superuser's random password and, unless its
 * path is too long for one, a Unix socket: a statement costs a third less processor time there than by TCP (measured).
 * Port 0 picks a free one. It ends with this process, even when that is killed. Throws when the port or the data is
 * in use.
 */
export async function startPostgres(options: {
  dataDir: string;
  port: number;
  /** Every line of its log. */
  log: (line: string) => void;
  /** What a person should know besides; goes to the log when not given. */
  note?: (message: string) => void;
  settings?: Record<string, string>;
  /** Starts it again when it ends without having been stopped. */
  keepUp?: boolean;
}): Promise<LocalPostgres> {
  const note = options.note ?? options.log;
  const account = serverAccount(options.dataDir);
  const binaries = postgresBinaries(account);
  const folder = prepareDataFolder({ path: options.dataDir, account, log: note });
  const user = 'postgres';
  const passwordFile = join(folder, 'password');
  const isLost = existsSync(join(folder, 'cluster')) && !holdsSecret(passwordFile);
  const password = isLost ? randomSecret() : keptSecret(passwordFile);
  const cluster = ensureCluster({ binaries, folder, account, user, password });
  const port = options.port || (await freePort());
  const envNow = () => ({ ...baseEnv(), LC_ALL: 'C', ...passStaleLocks({ cluster, folder, port }) });
  if (isLost) {
    note(`${passwordFile} is empty or gone; it gets another password`);
    resetPassword({ binaries, cluster, account, user, password, env: envNow() });
    keepSecret(passwordFile, password);
  }
  const hasSocket = socketPath(folder, `.s.PGSQL.${port}`) !== undefined;
  const settings = {
    ...defaults,
    ...options.settings,
    port: String(port),
    listen_addresses: '127.0.0.1',
    // Quoted, since it is a list.
    unix_socket_directories: hasSocket ? `"${folder.replaceAll('"', '""')}"` : '',
    // For the one who runs the server and for root; the folder is as private.
    unix_socket_permissions: '0700',
  };

  const launch = () =>
    launchServer({
      name: 'Postgres',
      command: join(binaries, 'bin', 'postgres'),
      args: [
        '-D',
        cluster,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      env: envNow(),
      account,
      ready,
      // Fast shutdown, then immediate: https://www.postgresql.org/docs/17/server-shutdown.html
      stopSignals: [
        ['SIGINT', 30_000],
        ['SIGQUIT', 5_000],
      ],
      log: options.log,
      explain: (log) => (stillAttached.test(log) ? undefined : explainPostgres(log, { port, cluster })),
    });

  const handle = await keepHandle(() => onceBackendsAreGone(launch), {
    keepUp: options.keepUp ?? false,
    note,
  });
  const search = hasSocket ? `?host=${encodeURIComponent(folder)}` : '';
  const url = (database = 'postgres', role = { user, password }) =>
    `postgres://${role.user}:${role.password}@127.0.0.1:${port}/${database}${search}`;
  // Assigned to the handle, not spread: its pid and exited are read anew each time.
  return Object.assign(handle, { cluster, port, user, password, url });
}

/** After a SIGKILL of the postmaster its backends take a moment to notice; until then a new one refuses to start. */
async function onceBackendsAreGone(launch: () => Promise<ServerProcess>): Promise<ServerProcess> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await launch();
    } catch (error) {
      const worthAnotherTry =
        error instanceof Error && stillAttached.test(error.message) && Date.now() < deadline;
      if (!worthAnotherTry) throw error;
    }
  }
}

/** Makes (or finds) a role with this password and a database it owns, for that role only. Throws what Postgres says. */
export async function createDatabase(
  server: LocalPostgres,
  options: { name: string; owner: string; password: string },
): Promise<void> {
  const client = new pg.Client({
    connectionString: server.url(),
    connectionTimeoutMillis: 30_000,
    query_timeout: 60_000,
  });
  try {
    await client.connect();
    const owner = client.escapeIdentifier(options.owner);
    const database = client.escapeIdentifier(options.name);
    const roles = await client.query('select 1 from pg_roles where rolname = $1', [options.owner]);
    const verb = roles.rowCount ? 'alter' : 'create';
    await client.query(`${verb} role ${owner} with login password ${client.escapeLiteral(options.password)}`);
    const databases = await client.query('select 1 from pg_database where datname = $1', [options.name]);
    if (!databases.rowCount) await client.query(`create database ${database} owner ${owner}`);
    await client.query(`revoke all on database ${database} from public`);
  } catch (error) {
    throw explainStatement(error as Error, server.cluster);
  } finally {
    await client.end();
  }
}
