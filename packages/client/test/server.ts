import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ErrorCode, errorCodes } from '@orderflow/contracts/errors';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { onTestFinished } from 'vitest';

export type Asked = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

/** A server that answers as the test says, and what it was asked. `n` counts requests from 1. */
export async function startServer(answer: (res: ServerResponse, asked: Asked, n: number) => unknown) {
  const requests: Asked[] = [];
  const server = createServer(async (req, res) => {
    const asked = { method: req.method!, url: req.url!, headers: req.headers, body: await text(req) };
    await answer(res, asked, requests.push(asked));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export function reply(res: ServerResponse, status: number, body: unknown, headers = {}): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}

export function refuse(res: ServerResponse, code: ErrorCode, headers = {}, errors?: object[]): void {
  const { status, title } = errorCodes[code];
  const document = {
    type: `urn:orderflow:problem:${code}`,
    title,
    status,
    detail: 'Do this.',
    code,
    traceId: 'a',
  };
  reply(res, status, { ...document, errors }, { 'content-type': 'application/problem+json', ...headers });
}

const price = { amount: 1000, currency: 'EUR' };

export const anOrder = (changes: Partial<OrderView> = {}): OrderView => ({
  id: newId(),
  reference: null,
  status: 'PENDING',
  cancelReason: null,
  message: null,
  paymentStatus: 'NONE',
  customer: { id: newId(), name: 'Ada', email: 'ada@example.com', phone: null },
  sellerId: 'shop',
  items: [],
  total: price,
  shippingAddress: null,
  trackingNumber: null,
  confirmation: 'automatic',
  confirmationRequested: false,
  expiresAt: null,
  version: 1,
  placedAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
  ...changes,
});

export const anEntry = (type = 'order.placed') => ({
  eventId: newId(),
  type,
  source: 'order',
  sequence: 1,
  time: '2026-01-31T12:00:00.000Z',
  recordedAt: '2026-01-31T12:00:00.000Z',
  actor: 'system',
  correlationId: 'a',
  causationId: null,
  attempt: 1,
  data: {},
});
