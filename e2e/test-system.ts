import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newTemporaryFolder } from '@orderflow/local-runtime/folders';
import { superviseProcess } from '@orderflow/local-runtime/process';
import { addressOf, serviceEnv } from '@orderflow/local-runtime/service-env';
import { metricsListener, portsFrom, type ServiceSpec, services } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';
import type { CrashPoint } from '@orderflow/messaging/crash-points';
import { eventually } from '@orderflow/testing/eventually';
import { createApi } from './api.ts';
import { createLedgers } from './ledgers.ts';

type Place = { ports: Record<string, number>; folder: string };

/**
 * The whole system as `npm start` runs it, on ports and in a folder of its own; `servicesAt` may have its services find
 * each other elsewhere.
 */
export async function startTestSystem(
  env: Record<string, string> = {},
  servicesAt?: (place: Place) => Promise<ServiceSpec[]>,
) {
  const folder = newTemporaryFolder('orderflow-e2e-');
  const root = fileURLToPath(new URL('..', import.meta.url));
  const claimed = await claimPorts();
  const ports = portsFrom({ ORDERFLOW_PORT_BASE: String(claimed.base) });
  // Short time-outs, so that what a dead or frozen consumer left is taken over within seconds.
  const extra = {
    DEMO: 'true',
    HANDLER_TIMEOUT_MS: '1000',
    PROVIDER_TIMEOUT_MS: '1000',
    SEND_TIMEOUT_MS: '1000',
    ...env,
  };
  const lines: { service: string; line: string }[] = [];
  const system = await startSystem({
    root,
    dataDir: folder,
    ports,
    env: extra,
    services: await servicesAt?.({ ports, folder }),
    log: (service, line) => void lines.push({ service, line }),
    onProgress: () => {},
  });
  const ledgers = createLedgers(system);

  return {
    ...system,
    /** With the rights of OrderFlow's own parts: sees and does all. */
    api: createApi(system.urls.gateway!, system.internalToken),
    nobody: createApi(system.urls.gateway!),
    ledgers,
    /** Where Prometheus would read the metrics of a service. */
    metricsUrl: (service: string) => `${addressOf(ports, metricsListener(service))}/metrics`,
    /** What the services have logged so far, as parsed lines. */
    logged: (service: string): Record<string, unknown>[] =>
      lines
        .filter((entry) => entry.service === service && entry.line.startsWith('{'))
        .map((entry) => JSON.parse(entry.line)),
    process: (service: string) => system.services.get(service)!,
    /** Arms a crash point, and gives a function that waits until the process has died of it and is back. */
    crash(service: string, point: CrashPoint, pass = 1) {
      const process = system.services.get(service)!;
      const restarts = process.restarts;
      process.send({ crashAt: `${point}:${pass}` });
      return async () => {
        await eventually(() => {
          if (process.restarts <= restarts) throw new Error(`${service} has not passed ${point}`);
        });
        await ready(system.urls[service]!);
      };
    },
    /** Starts a second replica of a service, on a port that nothing is routed to. */
    async startReplica(name: string) {
      const service = services.find((spec) => spec.name === name)!;
      const own = [name, metricsListener(name)];
      const moved = own.map((listener) => [listener, ports[listener]! + REPLICA_OFFSET]);
      const replicaPorts = { ...ports, ...Object.fromEntries(moved) };
      const { redisUrl, internalToken, secrets } = system;
      const databaseUrl = system.postgres.url(`orderflow_${name}`);
      const replica = superviseProcess({
        name: `${name}-2`,
        command: process.execPath,
        args: [join('services', name, 'src', 'main.ts')],
        env: serviceEnv({
          service,
          ports: replicaPorts,
          databaseUrl,
          redisUrl,
          internalToken,
          secrets,
          extra: { ...extra, INSTANCE: `${name}-2` },
        }),
        cwd: root,
        restart: true,
        onLine: (line) => void lines.push({ service: `${name}-2`, line }),
      });
      await ready(`http://127.0.0.1:${replicaPorts[name]}`);
      return replica;
    },
    ready: (service: string) => ready(system.urls[service]!),
    async stop() {
      await ledgers.close();
      await system.stop();
      claimed.release();
      await rm(folder, { recursive: true, force: true });
      const warned = lines.filter(({ line }) => isWarning(line));
      if (warned.length > 0) throw new Error(`Node warned in a service: ${JSON.stringify(warned)}`);
    },
  };
}

export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>;

/** A warning of Node's, before a service has its log and after. */
const isWarning = (line: string): boolean =>
  /^\(node:\d+\) .*Warning/.test(line) || line.includes('"msg":"Node warned"');

/** Above the ports of a system, where its second replicas listen. */
const REPLICA_OFFSET = 30;

const ready = (url: string) =>
  eventually(
    async () => {
      const { status } = await fetch(`${url}/readyz`);
      if (status !== 200) throw new Error(`${url} is not ready`);
    },
    { timeoutMs: 30_000 },
  );

/** So many ports are one system's, its second replicas included. */
const BLOCK = 110;

/** A block of ports that are free now and nobody else's: the last of them is kept until `release`. */
async function claimPorts(): Promise<{ base: number; release: () => void }> {
  for (;;) {
    // Below 32768, from where on Linux takes the ports of outgoing connections: one of those could be there first.
    const base = 20_000 + BLOCK * Math.floor(Math.random() * 115);
    const claim = await listenOn(base + BLOCK - 1);
    if (!claim) continue;
    const others = await Promise.all(Array.from({ length: BLOCK - 1 }, (_, i) => listenOn(base + i)));
    await Promise.all(others.map((other) => other && new Promise((closed) => other.close(closed))));
    if (others.every(Boolean)) return { base, release: () => claim.close() };
    claim.close();
  }
}

const listenOn = (port: number) =>
  new Promise<Server | undefined>((resolve) => {
    const server = createServer().unref();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
