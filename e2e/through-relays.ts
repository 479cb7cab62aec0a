import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keptSecret } from '@orderflow/local-runtime/secrets';
import { type ServiceSpec, services } from '@orderflow/local-runtime/services';
import { openRelay, type Relay } from '@orderflow/testing/relay';

/** Every peer that a worker of ours has. */
export const peers = ['postgres', 'redis', 'bank', 'smtp', 'postbox', 'order'] as const;
export type Peer = (typeof peers)[number];

/** Environment variables by the peer they lead to. */
const addresses: Partial<Record<string, Peer>> = {
  BANK_URL: 'bank',
  SMTP_URL: 'smtp',
  SMS_URL: 'postbox',
  POSTBOX_URL: 'postbox',
  ORDER_URL: 'order',
};

/** Has every service reach its peers through relays, one for each peer. */
export async function throughRelays() {
  const relays = new Map<Peer, Relay>();

  async function servicesAt({ ports, folder }: { ports: Record<string, number>; folder: string }) {
    for (const peer of peers) {
      relays.set(peer, await openRelay({ host: '127.0.0.1', port: ports[peer]! }));
    }
    const secretOf = (server: string) => {
      mkdirSync(join(folder, server), { recursive: true });
      return keptSecret(join(folder, server, 'password'));
    };
    const at = (peer: Peer) => `127.0.0.1:${relays.get(peer)!.port}`;
    const [postgres, redis] = [secretOf('postgres'), secretOf('redis')];

    return services.map((service): ServiceSpec => {
      const database = `orderflow_${service.name.replaceAll('-', '_')}`;
      const relayed = Object.keys(service.addresses).filter((variable) => addresses[variable]);
      return {
        ...service,
        addresses: Object.fromEntries(
          Object.entries(service.addresses).filter(([variable]) => !addresses[variable]),
        ),
        settings: {
          ...service.settings,
          // The superuser's: the passwords of the others are made up later.
          DATABASE_URL: `postgres://postgres:${postgres}@${at('postgres')}/${database}`,
          REDIS_URL: `redis://:${redis}@${at('redis')}`,
          ...Object.fromEntries(relayed.map((variable) => [variable, urlOf(variable)])),
        },
      };
    });

    function urlOf(variable: string): string {
      const peer = addresses[variable]!;
      return `${peer === 'smtp' ? 'smtp' : 'http'}://${at(peer)}`;
    }
  }

  return {
    servicesAt,
    /** Makes all connections to a peer fall silent; tells how many there were. */
    silence: (peer: Peer): number => relays.get(peer)!.fallSilent(),
    close() {
      for (const relay of relays.values()) relay.close();
    },
  };
}
