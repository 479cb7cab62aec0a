import { baseEnv } from './config.ts';
import type { ServiceSpec } from './services.ts';

/** The whole environment of a service: nothing of the caller's leaks in, and each knows only the addresses it needs. */
export function serviceEnv(options: {
  service: ServiceSpec;
  ports: Record<string, number>;
  databaseUrl: string | undefined;
  redisUrl: string;
  internalToken: string;
  /** By environment variable: each goes to the services that name it. */
  secrets?: Record<string, string>;
  /** Goes to those only that may control the others. */
  controlToken?: string;
  /** Goes to every service. */
  extra: Record<string, string>;
  /** The environment of the caller: a service gets of it what its `fromCaller` names. */
  callerEnv?: Record<string, string | undefined>;
}): Record<string, string> {
  const { service, ports } = options;
  // A spec may lead its service to Postgres and Redis by another way.
  const databaseUrl = service.settings?.DATABASE_URL ?? options.databaseUrl;
  const redisUrl = service.settings?.REDIS_URL ?? options.redisUrl;
  return {
    ...baseEnv(),
    NODE_ENV: 'production',
    LOG_LEVEL: 'info',
    DEMO: 'false',
    ...service.settings,
    ...options.extra,
    ...pick(options.callerEnv ?? {}, service.fromCaller ?? []),
    HOST: '127.0.0.1',
    PORT: String(portOf(ports, service.name)),
    INTERNAL_TOKEN: options.internalToken,
    ...(service.linksToGateway ? { PUBLIC_URL: `http://localhost:${portOf(ports, 'gateway')}` } : {}),
    ...pick(options.secrets ?? {}, service.secrets ?? []),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    ...(service.needsRedis ? { REDIS_URL: redisUrl } : {}),
    ...(service.mayControl && options.controlToken ? { SUPERVISOR_TOKEN: options.controlToken } : {}),
    ...mapValues(service.addresses, (listener) => addressOf(ports, listener)),
    ...mapValues(service.ports, (listener) => String(portOf(ports, listener))),
  };
}

/** Where a listener is reached: `smtp://…` for the mail port, else `http://…`. */
export function addressOf(ports: Record<string, number>, listener: string): string {
  return `${listener === 'smtp' ? 'smtp' : 'http'}://127.0.0.1:${portOf(ports, listener)}`;
}

function portOf(ports: Record<string, number>, listener: string): number {
  const port = ports[listener];
  if (port === undefined)
    throw new Error(`No port is given for ${listener}. Add it to the ports handed to startSystem.`);
  return port;
}

/** Those of these variables that are set. */
function pick(env: Record<string, string | undefined>, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => (env[name] ? [[name, env[name]]] : [])),
  );
}

function mapValues(
  record: Record<string, string>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
