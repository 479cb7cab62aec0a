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
  'host',
  'traceparent',
  'x-correlation-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** Headers that `Connection` names are hop-by-hop too. */
const namedBy = (connection: string | undefined): string[] =>
  connection === undefined || connection === 'keep-alive' || connection === 'close'
    ? []
    : connection.split(',').map((name) => name.trim().toLowerCase());

/** The headers of a client's request as the service gets them: name, value, name, value … */
export function requestHeaders(req: Request, context: RequestContext, hasBody: boolean): string[] {
  const { rawHeaders, headers, socket } = req;
  const named = namedBy(headers.connection);
  const passed: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (hopByHop.has(name) || replaced.has(name) || named.includes(name)) continue;
    passed.push(name, rawHeaders[i + 1]!);
  }
  // An ingress in front of us has met the client; what it said stays, and we add what we have met.
  const forwardedFor = headers['x-forwarded-for'];
  const address = socket.remoteAddress ?? 'unknown';
  passed.push(
    'x-correlation-id',
    context.correlationId,
    'traceparent',
    context.traceparent,
    'x-forwarded-for',
    forwardedFor ? `${forwardedFor}, ${address}` : address,
    'x-forwarded-proto',
    single(headers['x-forwarded-proto']) ?? 'http',
    'x-forwarded-host',
    single(headers['x-forwarded-host']) ?? headers.host ?? '',
  );
  if (hasBody && headers['content-length'] !== undefined) {
    passed.push('content-length', headers['content-length']);
  }
  return passed;
}

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

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
