import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { Request } from 'express';

/** Headers that speak of one connection, not of the message: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Made anew for the service: what the client says of these is not passed on as it is. */
const replaced: ReadonlySet<string> = new Set([
  'content-length',
  'expect',
  'forwarded',
  'host',
  'traceparent',
  'x-correlation-id',
  'x-real-ip',
]);

/** Headers that `Connection` names are hop-by-hop too. */
const namedBy = (connection: string | undefined): string[] =>
  connection === undefined || connection === 'keep-alive' || connection === 'close'
    ? []
    : connection.split(',').map((name) => name.trim().toLowerCase());

/** The headers of a client's request as the service gets them: name, value, name, value … */
export function requestHeaders(req: Request, context: RequestContext, hasBody: boolean): string[] {
  const { rawHeaders, headers } = req;
  const named = namedBy(headers.connection);
  const passed: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (hopByHop.has(name) || replaced.has(name) || named.includes(name)) continue;
    if (name.startsWith('x-forwarded-')) continue;
    passed.push(name, rawHeaders[i + 1]!);
  }
  // Of what the request says of its way here, Express gives what proxies we trust have written.
  const forwardedFor = [...req.ips, req.socket.remoteAddress ?? 'unknown'].join(', ');
  passed.push(
    'x-correlation-id',
    context.correlationId,
    'traceparent',
    context.traceparent,
    'x-forwarded-for',
    forwardedFor,
    'x-forwarded-proto',
    req.protocol,
    'x-forwarded-host',
    req.host ?? '',
  );
  if (hasBody && headers['content-length'] !== undefined) {
    passed.push('content-length', headers['content-length']);
  }
  return passed;
}

/** The headers of a service's answer as the client gets them: name, value, name, value … */
export function responseHeaders(raw: Buffer[]): string[] {
  const names = raw.map((part, i) => (i % 2 === 0 ? part.toString('latin1').toLowerCase() : ''));
  const connection = names.indexOf('connection');
  const named = namedBy(connection < 0 ? undefined : raw[connection + 1]!.toString('latin1').toLowerCase());
  const passed: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = names[i]!;
    if (!hopByHop.has(name) && !named.includes(name)) passed.push(name, raw[i + 1]!.toString('latin1'));
  }
  return passed;
}
