import { drillTarget, quietHours, scheduleSpec } from '@orderflow/contracts/drills';
import { authConfig, baseConfig, databaseConfig } from '@orderflow/service-kit/config';
import { z } from 'zod';
import { isForbidden, literalOf } from './probe-address.ts';
import { cronOf } from './schedules.ts';

const httpUrl = z.url({ protocol: /^https?$/ });

/** A variable that holds JSON. */
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `is not JSON: ${(error as Error).message}` });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** Why something cannot be used as what it is meant for; undefined when it can. */
function whyNot(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const inTimeZone = (timeZone: string) => new Intl.DateTimeFormat('en-GB', { timeZone });

const schedule = scheduleSpec.superRefine((one, context) => {
  const why = whyNot(() => inTimeZone(one.timeZone)) ?? whyNot(() => cronOf(one));
  if (why) context.addIssue({ code: 'custom', message: `the schedule ${one.name} is of no use: ${why}` });
});

const schedules = z.array(schedule).superRefine((all, context) => {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) context.addIssue({ code: 'custom', message: `two schedules have the name ${twice}` });
});

const quiet = quietHours.superRefine(({ timeZone, from, to }, context) => {
  const why = whyNot(() => inTimeZone(timeZone));
  if (why) context.addIssue({ code: 'custom', message: why });
  if (from === to) context.addIssue({ code: 'custom', message: 'from and to are the same' });
});

/** With commas between them. A drill touches nothing outside of them. */
const namespaces = z
  .string()
  .transform((names) => names.split(',').map((name) => name.trim()))
  .transform((names) => names.filter((name) => name !== ''))
  .pipe(z.array(z.string()).min(1));

/** Scheme, host and port of an address. */
const origin = httpUrl.superRefine((text, context) => {
  const url = new URL(text);
  const literal = literalOf(url);
  if (text.replace(/\/$/, '') !== url.origin) {
    context.addIssue({
      code: 'custom',
      message: `${url.origin} is the origin of ${url.origin}${url.pathname}; give that`,
    });
  }
  if (literal !== undefined && isForbidden(literal)) {
    context.addIssue({
      code: 'custom',
      message: `no probe may ask ${literal}: it is link-local, or of a cloud's metadata`,
    });
  }
});

const origins = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .pipe(z.array(origin));

const leastReplicas = z.int().min(1).max(100).default(1);
const kinds = drillTarget.shape.kind.enum;

const common = baseConfig
  .extend(databaseConfig.shape)
  .extend(authConfig.shape)
  .extend({
    /** Through it drills place their orders. */
    GATEWAY_URL: httpUrl,
    AUDITOR_URL: httpUrl,
    /** The payment simulator. Without it there are no faults of the bank. */
    BANK_URL: httpUrl.optional(),
    /** Probes that ask it are unknown without it. */
    PROMETHEUS_URL: httpUrl.optional(),
    /** With commas between them: what HTTP probes may ask besides the gateway and the other services named here. */
    DRILL_PROBE_ORIGINS: origins,
    /** Where the customers of drills have their mailboxes: a domain that nobody has, lest anybody gets their mails. */
    DRILL_EMAIL_DOMAIN: z.hostname().default('drills.invalid'),
    DRILL_SCHEDULES: json(schedules).default([]),
    DRILL_QUIET_HOURS: json(z.array(quiet)).default([]),
    DRILL_COOLDOWN_SECONDS: z.coerce.number().int().min(0).max(86_400).default(30),
    /** How long drills, their orders and their reports are kept; the last one of each name is kept for ever. */
    DRILL_KEEP_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
    /** Of each kind of target, how many instances must be ready before a drill may touch it. */
    DRILL_MIN_REPLICAS: json(
      z.strictObject({
        [kinds.service]: leastReplicas,
        [kinds.postgres]: leastReplicas,
        [kinds.redis]: leastReplicas,
      }),
    ).default({ service: 1, postgres: 1, redis: 1 }),
  });

export const configSchema = z.discriminatedUnion('DRIVER', [
  common.extend({
    DRIVER: z.literal('kubernetes'),
    DRILL_NAMESPACES: namespaces,
    /** Of Helm: the value of the label app.kubernetes.io/instance. */
    RELEASE: z.string().min(1),
    /** The pod's own when left out. */
    NAMESPACE: z.string().min(1).optional(),
    /** In a pod, its ServiceAccount's token. */
    KUBECONFIG: z.string().min(1).optional(),
  }),
  common.extend({
    DRIVER: z.literal('local'),
    /** One machine is one namespace of this name. */
    DRILL_NAMESPACES: namespaces.default(['local']),
    SUPERVISOR_URL: httpUrl,
    SUPERVISOR_TOKEN: z.string().min(16),
  }),
]);

export type Config = z.infer<typeof configSchema>;
