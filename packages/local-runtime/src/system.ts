import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { asPostgres, asRedis, asService } from './control/controlled.ts';
import { startControlServer } from './control/server.ts';
import { watchLiveness } from './liveness.ts';
import { checkPortsFree } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { probes as chartProbes, type Probes } from './probes.ts';
import type { SupervisedProcess } from './process.ts';
import { waitUntilReady } from './readiness.ts';
import { startRedis } from './redis.ts';
import { keptSecret } from './secrets.ts';
import { createDatabases } from './service-databases.ts';
import { addressOf, serviceEnv } from './service-env.ts';
import { startService } from './service-process.ts';
import { type ServiceSpec, servicesFor } from './services.ts';

export type SystemOptions = {
  /** The checkout: services are run from `services/NAME/src/main.ts` below it. */
  root: string;
  dataDir: string;
  /** By listener, see `portsFrom`. */
  ports: Record<string, number>;
  /** Added to the environment of every service. */
  env?: Record<string, string>;
  /** Where a service finds the settings that its `fromCaller` names. */
  callerEnv?: Record<string, string | undefined>;
  /** A Redis to use instead of one of our own. */
  redisUrl?: string;
  /** Those of `servicesFor` when not given. */
  services?: ServiceSpec[];
  readyTimeoutMs?: number;
  /** Those of the chart when not given. */
  probes?: Probes;
  /** How long to wait for ports that are still in use, after a copy that was killed. */
  portPatienceMs?: number;
  signal?: AbortSignal;
  log: (source: string, line: string) => void;
  onProgress: (message: string) => void;
};

export type System = Awaited<ReturnType<typeof startSystem>>;

/**
 * Brings up Postgres, Redis and every service, and resolves when all of them are ready. All are brought back when they
 * end unasked, and a service is restarted when its probes fail too often. Throws, with everything ended again, when a port is taken or a service does not become ready.
 */
export async function startSystem(options: SystemOptions) {
  const { ports, log, onProgress } = options;
  const services = options.services ?? servicesFor({ ...options.callerEnv, ...options.env });
  await checkPortsFree(portsUsed(services, options), options.portPatienceMs);
  mkdirSync(options.dataDir, { recursive: true });
  const internalToken = keptSecret(join(options.dataDir, 'internal-token'));
  const controlToken = keptSecret(join(options.dataDir, 'control-token'));
  const secrets = Object.fromEntries(
    services
      .flatMap((service) => service.secrets ?? [])
      .map((variable) => [variable, keptSecret(join(options.dataDir, fileOf(variable)))]),
  );
  const running = new Map<string, SupervisedProcess>();
  const closers: (() => Promise<unknown>)[] = [];
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const stop = async () => {
    // Taken off one by one, so that a second call does nothing twice.
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };

  try {
    onProgress('Postgres: starting');
    const postgres = await startPostgres({
      dataDir: join(options.dataDir, 'postgres'),
      port: ports.postgres ?? 0,
      keepUp: true,
      log: (line) => log('postgres', line),
      note: (message) => onProgress(`Postgres: ${message}`),
    });
    closers.push(() => postgres.stop());
    onProgress(`Postgres: ready on port ${postgres.port}`);
    signal.throwIfAborted();

    const redis = options.redisUrl
      ? undefined
      : await startRedis({
          dataDir: join(options.dataDir, 'redis'),
          port: ports.redis ?? 0,
          keepUp: true,
          log: (line) => log('redis', line),
          note: (message) => onProgress(`Redis: ${message}`),
        });
    if (redis) closers.push(() => redis.stop());
    onProgress(redis ? `Redis: ready on port ${redis.port}` : 'Redis: the one REDIS_URL names');
    signal.throwIfAborted();

    const redisUrl = options.redisUrl ?? redis?.url ?? '';
    closers.push(() => Promise.all([...running.values()].map((service) => service.stop())));
    const protectedNames = services.filter(({ mayControl }) => mayControl).map(({ name }) => name);
    let isFrozen: (process: { name: string; uid: string | undefined }) => boolean = () => false;
    if (protectedNames.length > 0) {
      const control = await startControlServer({
        port: ports.supervisor ?? 0,
        token: controlToken,
        processes: () => [
          ...[...running].map(([name, handle]) => asService(handle, addressOf(ports, name))),
          asPostgres(postgres),
          ...(redis ? [asRedis(redis)] : []),
        ],
        protectedNames,
        note: onProgress,
      });
      closers.push(control.close);
      isFrozen = control.isFrozen;
    }
    const databases = await createDatabases({ services, root: options.root, postgres });
    const extra = {
      // Types are stripped and code is compiled once: a start takes 60 % of the time and a service 75 % of the memory (measured).
      NODE_COMPILE_CACHE: join(options.root, 'node_modules', '.cache', 'compile'),
      ...options.env,
    };
    const bringUp = async (service: ServiceSpec) => {
      const databaseUrl = databases.get(service.name);
      const env = serviceEnv({
        service,
        ports,
        databaseUrl,
        redisUrl,
        internalToken,
        secrets,
        controlToken,
        extra,
        callerEnv: options.callerEnv,
      });
      const url = addressOf(ports, service.name);
      const { handle, lastLines } = startService({ ...options, service, env });
      running.set(service.name, handle);
      const liveness = watchLiveness({
        process: handle,
        url,
        isFrozen: () => isFrozen(handle),
        probes: options.probes ?? chartProbes,
        note: onProgress,
      });
      closers.push(async () => liveness.stop());
      const awaited = { name: service.name, url, lastLines, restarts: () => handle.restarts };
      await waitUntilReady(awaited, { timeoutMs: options.readyTimeoutMs ?? 60_000, signal });
      onProgress(`${service.name}: ready on port ${ports[service.name]}`);
    };
    await Promise.all(services.map(bringUp));

    const urls = Object.fromEntries(services.map(({ name }) => [name, addressOf(ports, name)]));
    /** Ends everything at once and in no order, for a person who cannot wait; this process should exit then. */
    const kill = () => {
      for (const service of running.values()) service.kill('SIGKILL');
      redis?.kill('SIGKILL');
      postgres.kill('SIGQUIT');
    };
    return {
      postgres,
      redis,
      redisUrl,
      services: running,
      urls,
      internalToken,
      secrets,
      controlToken,
      stop,
      kill,
    };
  } catch (error) {
    failed.abort(error);
    await stop();
    throw error;
  }
}

/** `MAIL_CODE_SECRET` is kept in `mail-code-secret`. */
const fileOf = (variable: string): string => variable.toLowerCase().replaceAll('_', '-');

function portsUsed(services: ServiceSpec[], { ports, redisUrl }: SystemOptions): Record<string, number> {
  const names = services.flatMap((service) => [service.name, ...Object.values(service.ports)]);
  const control = services.some((service) => service.mayControl) ? ['supervisor'] : [];
  const used = new Set([...names, 'postgres', ...control, ...(redisUrl ? [] : ['redis'])]);
  return Object.fromEntries(Object.entries(ports).filter(([name]) => used.has(name)));
}
