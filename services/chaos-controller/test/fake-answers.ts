import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** A server that gives these answers as JSON; undefined is never answered. And what it was asked. */
export async function aServer(
  answer: (
    req: IncomingMessage,
    body: string,
  ) => { status?: number; body?: unknown; headers?: Record<string, string> } | undefined,
) {
  const asked: { method: string; url: string; body: string; authorization: string | undefined }[] = [];
  const server = createServer(async (req, res) => {
    const body = await text(req);
    asked.push({ method: req.method!, url: req.url!, body, authorization: req.headers.authorization });
    const reply = answer(req, body);
    if (!reply) return;
    res.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    res.end(JSON.stringify(reply.body ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
