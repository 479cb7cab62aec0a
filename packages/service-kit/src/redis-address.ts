import type { RedisOptions } from 'ioredis';

type Address = Pick<
  RedisOptions,
  'sentinels' | 'name' | 'username' | 'password' | 'sentinelPassword' | 'db' | 'tls' | 'sentinelTLS'
> & { enableTLSForSentinelMode?: boolean };

const SENTINEL_PORT = 26_379;

/**
 * Where a URL with Sentinels leads: `redis://USER:PASSWORD@NAME/DB?sentinels=HOST:PORT,HOST:PORT`, where NAME is the name
 * that the Sentinels have for the primary. `&sentinelPassword=` is theirs. `rediss:` means TLS to them and to Redis.
 * Returns undefined for a URL without Sentinels, which ioredis reads itself.
 */
export function sentinelAddress(url: string): Address | undefined {
  const { protocol, hostname, username, password, pathname, searchParams } = new URL(url);
  const sentinels = searchParams.get('sentinels');
  if (!sentinels) return undefined;
  const tls = protocol === 'rediss:' ? {} : undefined;
  return {
    name: hostname,
    sentinels: sentinels.split(',').map(hostAndPort),
    username: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
    sentinelPassword: searchParams.get('sentinelPassword') ?? undefined,
    db: Number(pathname.slice(1)) || 0,
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/** From `host`, `host:port` or `[address of IPv6]:port`. */
function hostAndPort(text: string): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || SENTINEL_PORT };
}
