/** A process of OrderFlow on one machine. Which of them have a database shows in their folders: those with `prisma/`. */
export type ServiceSpec = {
  name: string;
  needsRedis: boolean;
  /** Environment variables that hold the address of something else that listens. */
  addresses: Record<string, string>;
  /** Environment variables that hold a further port it listens on. */
  ports: Record<string, string>;
  /** Each order waits for it: its garbage collector is to stop it seldom. */
  answersBuyers?: true;
  /** No order and no person waits for it: the others go first when the processor is short. */
  background?: true;
  /** Settings that differ from the service's own defaults. */
  settings?: Record<string, string>;
  /** Environment variables that hold a secret which the services that name it share; made at the first start. */
  secrets?: string[];
  /** Its mails have links: it is told where people reach the gateway. */
  linksToGateway?: true;
  /** Settings that it gets from the environment of `npm start`, where they are set. */
  fromCaller?: string[];
  /** It is told where the supervisor takes orders, and its token: it may end the others, and cannot be ended so itself. */
  mayControl?: true;
};

const domainUrls = {
  ORDER_URL: 'order',
  INVENTORY_URL: 'inventory',
  PAYMENT_URL: 'payment',
  NOTIFICATION_URL: 'notification',
  CUSTOMER_URL: 'customer',
};

/** What listens for who reads a service's metrics. */
export const metricsListener = (service: string): string => `${service}-metrics`;

/** Where a service listens besides its own port, which has its name. */
const ports = (service: string, more: Record<string, string> = {}) => ({
  METRICS_PORT: metricsListener(service),
  ...more,
});

/** Where tokens of people can be checked. */
const auth = { AUTH_URL: 'customer' };

/** What `npm start` runs with its own payment provider, in the order it is started. */
export const services: ServiceSpec[] = [
  { name: 'bank', needsRedis: false, addresses: {}, ports: ports('bank') },
  {
    name: 'postbox',
    needsRedis: false,
    addresses: {},
    ports: ports('postbox', { SMTP_PORT: 'smtp' }),
    background: true,
  },
  {
    name: 'order',
    needsRedis: true,
    addresses: auth,
    ports: ports('order'),
    secrets: ['ORDER_LINK_SECRETS'],
    answersBuyers: true,
  },
  { name: 'inventory', needsRedis: true, addresses: auth, ports: ports('inventory') },
  {
    name: 'payment',
    needsRedis: true,
    addresses: { ...auth, BANK_URL: 'bank' },
    ports: ports('payment'),
    fromCaller: ['PAYMENT_PROVIDER', 'STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_URL'],
    secrets: ['ORDER_LINK_SECRETS'],
  },
  {
    name: 'notification',
    needsRedis: true,
    addresses: { ...auth, SMTP_URL: 'smtp', SMS_URL: 'postbox' },
    ports: ports('notification'),
    secrets: ['MAIL_CODE_SECRET', 'ORDER_LINK_SECRETS'],
    linksToGateway: true,
    background: true,
  },
  {
    name: 'customer',
    needsRedis: true,
    addresses: auth,
    ports: ports('customer'),
    secrets: ['MAIL_CODE_SECRET'],
  },
  {
    name: 'auditor',
    needsRedis: true,
    addresses: { ...auth, ...domainUrls, BANK_URL: 'bank', POSTBOX_URL: 'postbox' },
    ports: ports('auditor'),
    background: true,
  },
  {
    name: 'gateway',
    needsRedis: true,
    addresses: {
      ...auth,
      ...domainUrls,
      AUDITOR_URL: 'auditor',
      CHAOS_CONTROLLER_URL: 'chaos-controller',
    },
    ports: ports('gateway'),
    answersBuyers: true,
  },
  {
    name: 'chaos-controller',
    needsRedis: false,
    addresses: {
      ...auth,
      GATEWAY_URL: 'gateway',
      AUDITOR_URL: 'auditor',
      BANK_URL: 'bank',
      SUPERVISOR_URL: 'supervisor',
    },
    ports: ports('chaos-controller'),
    // Who drills a machine of one's own need not be kept from doing so again at once.
    settings: { DRIVER: 'local', DRILL_NAMESPACES: 'local', DRILL_COOLDOWN_SECONDS: '0' },
    fromCaller: ['DRILL_SCHEDULES', 'DRILL_QUIET_HOURS', 'DRILL_PROBE_ORIGINS'],
    mayControl: true,
  },
];

/**
 * What runs by these settings. The simulated bank is there for its own payments only: next to another provider it has no
 * charges, so nobody is told of it, and the auditor leaves out what it would compare with it.
 */
export function servicesFor({ PAYMENT_PROVIDER }: Record<string, string | undefined>): ServiceSpec[] {
  if (!PAYMENT_PROVIDER || PAYMENT_PROVIDER === 'bank') return services;
  return services
    .filter(({ name }) => name !== 'bank')
    .map((spec) => {
      const others = Object.entries(spec.addresses).filter(([, listener]) => listener !== 'bank');
      return { ...spec, addresses: Object.fromEntries(others) };
    });
}

type Place = { port: number; offset: number };

const named: Record<string, Place> = {
  gateway: { port: 8080, offset: 0 },
  order: { port: 3001, offset: 1 },
  inventory: { port: 3002, offset: 2 },
  payment: { port: 3003, offset: 3 },
  notification: { port: 3004, offset: 4 },
  customer: { port: 3005, offset: 5 },
  auditor: { port: 3006, offset: 6 },
  'chaos-controller': { port: 3007, offset: 7 },
  bank: { port: 3010, offset: 10 },
  postbox: { port: 3011, offset: 11 },
  smtp: { port: 3012, offset: 12 },
  postgres: { port: 3020, offset: 20 },
  redis: { port: 3021, offset: 21 },
  supervisor: { port: 3022, offset: 22 },
};

/** Metrics are at a service's place plus 60. */
const metrics = services.map(({ name }): [string, Place] => {
  const offset = 60 + named[name]!.offset;
  return [metricsListener(name), { port: 3000 + offset, offset }];
});

/** Everything that listens: its usual port, and its place above ORDERFLOW_PORT_BASE when that is set. */
export const listeners: Record<string, Place> = { ...named, ...Object.fromEntries(metrics) };

const HIGHEST_BASE = 65_535 - Math.max(...Object.values(listeners).map(({ offset }) => offset));

/** The environment variable that moves one listener: PORT_GATEWAY, PORT_CHAOS_CONTROLLER, PORT_GATEWAY_METRICS. */
export function portVariable(listener: string): string {
  return `PORT_${listener.toUpperCase().replaceAll('-', '_')}`;
}

/** The port of every listener as the environment sets them, one by one or all together. Throws on what is no port, naming the variable. */
export function portsFrom(env: Record<string, string | undefined>): Record<string, number> {
  const base = portIn(env, 'ORDERFLOW_PORT_BASE', HIGHEST_BASE);
  const ports = Object.entries(listeners).map(([name, { port, offset }]): [string, number] => {
    const usual = base === undefined ? port : base + offset;
    return [name, portIn(env, portVariable(name), 65_535) ?? usual];
  });
  const names = new Map<number, string>();
  for (const [name, port] of ports) {
    const other = names.get(port);
    if (other) {
      throw new Error(
        `Port ${port} is set for ${other} and for ${name}. Change ${portVariable(other)} or ${portVariable(name)}.`,
      );
    }
    names.set(port, name);
  }
  return Object.fromEntries(ports);
}

function portIn(
  env: Record<string, string | undefined>,
  variable: string,
  highest: number,
): number | undefined {
  const text = env[variable];
  if (!text) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= highest) return port;
  throw new Error(`${variable}=${text} is not a port. Set it to a whole number from 1 to ${highest}.`);
}
