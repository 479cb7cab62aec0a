import { z } from 'zod';

/** What every service reads from its environment; a service's `config.ts` extends it with its own. */
export const baseConfig = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535),
  /** Loopback unless told otherwise: a container sets 0.0.0.0. */
  HOST: z.string().default('127.0.0.1'),
  /** Where Prometheus reads the metrics; without it they are not served. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /**
   * How long a service that is told to stop goes on answering those who keep connections to it, and tells them to close
   * them. Beyond the 5 s that a connection is kept without a request, nobody's next request meets a closed door.
   */
  DRAIN_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Tells apart two replicas on one host; in a cluster the pod's name does. */
  INSTANCE: z.string().min(1).optional(),
});

/** For services that take requests from people: how to tell who they are. */
export const authConfig = z.object({
  /** The customer service, whose `/.well-known/jwks.json` has the public keys of access tokens. */
  AUTH_URL: z.url({ protocol: /^https?$/ }),
  JWT_ISSUER: z.string().min(1).default('orderflow'),
  JWT_AUDIENCE: z.string().min(1).default('orderflow-api'),
  /** The secret by which parts of OrderFlow know one another. */
  INTERNAL_TOKEN: z.string().min(16),
  /** Serves the plain aliases and orders of guests, which ask nobody who they are, and makes the demo accounts. */
  DEMO: z
    .enum(['true', 'false'])
    .default('false')
    .transform((demo) => demo === 'true'),
});

/** Of who asks for a code by mail and who writes the mail: they make the same code from it, and nobody else can. */
export const mailCodeSecret = z.string().min(32);

/**
 * Of who writes links to orders and who takes them, with commas between. The first signs, all are accepted: see
 * `createOrderLinks`.
 */
export const orderLinkSecrets = z
  .string()
  .transform((list) => list.split(',').flatMap((secret) => secret.trim() || []))
  .pipe(z.array(z.string().min(32)).min(1));

/** For services with a database of their own. */
export const databaseConfig = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL: z.coerce.number().int().min(2).max(100).default(10),
});

/**
 * The least time from the start of a loop's round to the next, while events gather. The first after a pause waits for
 * nothing; under load fewer and larger transactions leave the processor to those who answer people.
 * (As Kafka's `linger.ms`.)
 */
const lingerMs = z.coerce.number().int().min(0).max(1_000);

/** Of services whose events and whose work nobody waits for. */
export const unhurried = {
  RELAY_LINGER_MS: lingerMs.default(100),
  CONSUMER_LINGER_MS: lingerMs.default(100),
};

/** For services that exchange events. */
export const messagingConfig = databaseConfig.extend({
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  /** How long one batch of events may take; a dead consumer's events are taken over after 3.5 times that. */
  HANDLER_TIMEOUT_MS: z.coerce.number().int().min(100).default(10_000),
  /**
   * Published events are kept for 7 days. Of a larger outbox, those beyond the newest so many go after one day, once every
   * consumer has acknowledged them. A row takes about 1 kB; the volume of the chart has 1 GiB.
   */
  OUTBOX_MAX_ROWS: z.coerce.number().int().min(1_000).default(500_000),
  RELAY_LINGER_MS: lingerMs.default(28),
  // What a relay has gathered comes together: this long for what others sent at the same moment.
  CONSUMER_LINGER_MS: lingerMs.default(5),
});

/**
 * Reads a schema from the environment. A missing or bad variable ends the process with a message that
 * names every one of them: a service that starts half-configured fails later, and elsewhere.
 */
export function readConfig<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv = process.env): z.infer<T> {
  const config = schema.safeParse(env);
  if (config.success) return config.data;
  process.stderr.write(
    `Bad configuration; set these environment variables:\n${z.prettifyError(config.error)}\n`,
  );
  return process.exit(78); // EX_CONFIG of sysexits.h
}
