import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { portVariable } from './services.ts';

/**
 * Whether nothing listens on a port of 127.0.0.1 (and we may listen there), nor on that of ::1: `localhost` may mean
 * either, and people would reach another program there.
 */
export async function isPortFree(port: number): Promise<boolean> {
  const refusals = await Promise.all(['127.0.0.1', '::1'].map((host) => refusalOf(port, host)));
  return refusals.every((code) => code !== 'EADDRINUSE' && code !== 'EACCES');
}

/** The code of the error with which the system lets nobody listen there; undefined when it does, or has no such address. */
async function refusalOf(port: number, host: string): Promise<string | undefined> {
  const server = createServer();
  try {
    await listen(server, port, host);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES' || host === '::1') return code;
    throw error;
  } finally {
    server.close();
  }
}

/** Different ports of 127.0.0.1 that are free now, one for each name. */
export async function freePorts(names: string[]): Promise<Record<string, number>> {
  const servers = names.map(() => createServer());
  // All are held until all are known, so that no two are the same.
  const ports = await Promise.all(servers.map((server) => listen(server, 0)));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return Object.fromEntries(names.map((name, index) => [name, ports[index] ?? 0]));
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const { any = 0 } = await freePorts(['any']);
  return any;
}

/** Throws, naming what to set, unless all of these ports are free within `patienceMs`. */
export async function checkPortsFree(ports: Record<string, number>, patienceMs = 0): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let taken = await portsTaken(ports);
  while (taken.length > 0 && Date.now() < deadline) {
    await after(100);
    taken = await portsTaken(ports);
  }
  if (taken.length === 0) return;
  const lines = taken.map(
    ([name, port]) => `  port ${port}, needed by ${name} (set ${portVariable(name)} to move it)`,
  );
  throw new Error(
    `These ports are in use:\n${lines.join('\n')}\n` +
      'Stop what listens there, set the variables named, or move all ports together with ORDERFLOW_PORT_BASE (such as ORDERFLOW_PORT_BASE=9000).',
  );
}

async function portsTaken(ports: Record<string, number>): Promise<[name: string, port: number][]> {
  const all = Object.entries(ports);
  const free = await Promise.all(all.map(([, port]) => isPortFree(port)));
  return all.filter((_, index) => !free[index]);
}

async function listen(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  server.listen({ port, host });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}
