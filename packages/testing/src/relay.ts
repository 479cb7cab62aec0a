import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server that a relay leads to: `{ host, port }`, or `{ path }` of a Unix socket. */
export type Target = NetConnectOpts;

/**
 * Listens on a free port of 127.0.0.1 and forwards each connection to `target`. Connections can be made to fall silent,
 * as when the machine at the other end is lost: they stay open and nothing passes, while new ones work.
 */
export async function openRelay(target: Target) {
  const pairs = new Set<[Socket, Socket]>();
  let leadsTo = target;

  const server = createServer((near) => {
    const far = connect(leadsTo);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    near.setNoDelay(true);
    near.pipe(far).pipe(near);
    const end = () => {
      if (pairs.delete(pair)) for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('error', () => {}).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const lost = new Set<Socket>();

  return {
    port,
    /** Forwards nothing more on the connections there are now; tells how many they were. Neither end hears of it. */
    fallSilent(): number {
      const count = pairs.size;
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
        lost.add(near).add(far);
      }
      pairs.clear();
      return count;
    },
    /** Where new connections are forwarded to from now on. Those there are stay where they are. */
    leadTo(other: Target): void {
      leadsTo = other;
    },
    close(): void {
      server.close();
      for (const socket of [...pairs].flat().concat(...lost)) socket.destroy();
    },
  };
}

export type Relay = Awaited<ReturnType<typeof openRelay>>;

/** A relay that is closed when the running test ends. */
export async function testRelay(target: Target): Promise<Relay> {
  const relay = await openRelay(target);
  onTestFinished(() => relay.close());
  return relay;
}

/** The target that an address of Postgres, Redis or HTTP names; a Unix socket it names besides is not used. */
export function targetOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** The same address by way of `relay`. */
export function throughRelay(url: string, { port }: Pick<Relay, 'port'>): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(port);
  changed.searchParams.delete('host');
  changed.searchParams.delete('path');
  return changed.href;
}
