import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** What HTTP probes may ask: the gateway, and any address of these origins. */
export type ProbeTargets = { gatewayUrl: string; probeOrigins: readonly string[] };

/** The address that an HTTP probe asks; a path is the gateway's. Returns `undefined` when no probe may ask it. */
export function probeAddress(url: string, { gatewayUrl, probeOrigins }: ProbeTargets): URL | undefined {
  // Compared after it is resolved: `//host/path` and `\\host\path` look like paths and are not.
  const address = URL.parse(url, gatewayUrl);
  if (address === null || `${address.username}${address.password}` !== '') return undefined;
  return allowedOrigins({ gatewayUrl, probeOrigins }).includes(address.origin) ? address : undefined;
}

/** The origins that HTTP probes may ask, the gateway's first. */
export const allowedOrigins = ({ gatewayUrl, probeOrigins }: ProbeTargets): string[] => [
  ...new Set([gatewayUrl, ...probeOrigins].map((url) => new URL(url).origin)),
];

/**
 * Addresses where clouds tell a machine its credentials, and those that mean no other machine: no name may lead there.
 * https://cloud.google.com/compute/docs/metadata/querying-metadata,
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const forbidden = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['224.0.0.0', 3],
] as const) {
  forbidden.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['ff00::', 8],
  // The link-local addresses of IPv4, through NAT64.
  ['64:ff9b::a9fe:0', 112],
] as const) {
  forbidden.addSubnet(network, prefix, 'ipv6');
}

/** Whether no probe may connect to this IP address. */
export function isForbidden(address: string): boolean {
  const withoutZone = address.replace(/%.*/, '');
  return forbidden.check(withoutZone, isIP(withoutZone) === 4 ? 'ipv4' : 'ipv6');
}

/** The host of a URL when it is an IP address and no name. */
export function literalOf({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}

/** Thrown instead of connecting to an address that no probe may ask. */
export class ForbiddenAddress extends Error {
  override name = 'ForbiddenAddress';
}

type Resolve = (
  host: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A resolver for a connection, which connects to exactly what it checked: a name may lead elsewhere a moment later. Fails
 * when one of the addresses is forbidden.
 */
export const checkedLookup =
  (resolve: Resolve = lookup): LookupFunction =>
  (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      const bad = addresses?.find(({ address }) => isForbidden(address));
      const failure =
        error ?? (bad && new ForbiddenAddress(`${host} leads to ${bad.address}, which no probe may ask`));
      if (failure) return callback(failure, '');
      if (options.all) return callback(null, addresses);
      const [{ address, family } = { address: '', family: 4 }] = addresses;
      callback(null, address, family);
    });
  };
