import type { Request } from 'express';

/** As some proxies write a client in X-Forwarded-For: an address with a port, which is another for each connection. */
const withPort = /^(?:(\d+\.\d+\.\d+\.\d+)|\[(.+)\]):\d+$/;
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * What counts as one client. A household has a whole /64 of IPv6 addresses, and could use a new one for each
 * request: https://www.rfc-editor.org/rfc/rfc6177
 */
export function clientAddress(heard: string | undefined): string {
  if (heard === undefined) return 'unknown';
  const [, bareV4, bareV6] = withPort.exec(heard) ?? [];
  const ip = bareV4 ?? bareV6 ?? heard;
  const v4 = mapped.exec(ip)?.[1];
  if (v4) return v4;
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = new Array(Math.max(0, 8 - before.length - after.length)).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

const groupsOf = (part: string): string[] =>
  part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16).toString(16));

/**
 * Returns the address of the client behind a request that the gateway passed on: it drops what the client says of it, and
 * writes the address that it believes in front. Who calls a service directly can say what they like; a NetworkPolicy lets
 * only parts of OrderFlow do so.
 */
export const originAddress = (req: Request): string =>
  clientAddress(req.get('x-forwarded-for')?.split(',')[0]?.trim() || req.socket.remoteAddress);
