import { api, type OperationId } from '@orderflow/contracts/api';
import type { Operation } from '@orderflow/contracts/api/operation';
import { NoAnswerError } from './errors.ts';
import type { AnyInput } from './types.ts';

export type Connection = {
  /** `https://shop.example`, a path below which the API is mounted, or empty for where a page came from. */
  baseUrl: string;
  /** A function is asked before every request. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  fetch?: typeof fetch;
};

/** What is asked, for people: the method and the path without its query. */
export const describe = (id: OperationId, { params }: AnyInput): string =>
  `${api[id].method.toUpperCase()} ${pathOf(api[id], params)}`;

const pathOf = ({ path }: Operation, params: AnyInput['params']): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params?.[name])));

function queryOf(query: AnyInput['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  ).toString();
  return text && `?${text}`;
}

/**
 * Sends a request. Gives the response as soon as its headers are there. Throws NoAnswerError, or the reason of the
 * input's signal.
 */
export async function exchange(
  { baseUrl, token, fetch = globalThis.fetch }: Connection,
  id: OperationId,
  input: AnyInput,
  signal: AbortSignal,
): Promise<Response> {
  const row: Operation = api[id];
  const { params, query, body, idempotencyKey } = input;
  const bearer = typeof token === 'function' ? await token() : token;
  const isJson = body !== undefined && !row.bodyTypes;
  const headers = {
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...(isJson && { 'content-type': 'application/json' }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...input.headers,
  };
  const url = baseUrl.replace(/\/$/, '') + pathOf(row, params) + queryOf(query);
  const request = fetch(url, {
    method: row.method.toUpperCase(),
    headers: Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined),
    body: isJson ? JSON.stringify(body) : (body as Blob | undefined),
    signal,
  });
  return orNoAnswer(request, id, input);
}

/** Turns what the network throws into a NoAnswerError, unless it was the caller who gave up. */
export async function orNoAnswer<T>(work: Promise<T>, id: OperationId, input: AnyInput): Promise<T> {
  try {
    return await work;
  } catch (error) {
    input.signal?.throwIfAborted();
    throw new NoAnswerError(describe(id, input), error);
  }
}
