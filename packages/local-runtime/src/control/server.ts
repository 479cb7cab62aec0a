import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { ZodError } from 'zod';
import type { Controlled } from './controlled.ts';
import { createGrips } from './grips.ts';
import { controlRoutes, type Reply } from './routes.ts';

const LARGEST_BODY = 10_000;

/**
 * Lets who has the token look at the processes of this machine's OrderFlow, end, kill and freeze them: what the
 * Kubernetes API is to drills in a cluster. It listens on 127.0.0.1 only. Resolves when it listens.
 */
export async function startControlServer(options: {
  port: number;
  token: string;
  processes: () => Controlled[];
  protectedNames: string[];
  note: (message: string) => void;
}) {
  const grips = createGrips(options);
  const routes = controlRoutes({ ...options, grips });

  async function answer(request: IncomingMessage): Promise<Reply> {
    if (!isToken(request.headers.authorization, options.token)) {
      return { status: 401, body: { why: 'Send the token as Authorization: Bearer.' } };
    }
    const [, top = '', name = '', ...rest] = (request.url ?? '').split('/').map(decodeURIComponent);
    const address = ['', top, ...(name ? ['{name}'] : []), ...rest].join('/');
    const route = routes[`${request.method} ${address}`];
    if (!route) return { status: 404, body: { why: `${request.method} ${address} is not served.` } };
    return route({ name, body: await bodyOf(request) });
  }

  const server = createServer((request, response) => {
    void answer(request)
      .catch(failed)
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  server.listen({ port: options.port, host: '127.0.0.1' });
  await once(server, 'listening');

  return {
    isFrozen: grips.isFrozen,
    async close(): Promise<void> {
      grips.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function failed(error: Error): Reply {
  const isInput = error instanceof ZodError || error instanceof SyntaxError || error instanceof URIError;
  return { status: isInput ? 400 : 500, body: { why: error.message } };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LARGEST_BODY) throw new SyntaxError(`A body has at most ${LARGEST_BODY} characters.`);
  }
  return text ? JSON.parse(text) : undefined;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compared in the same time whatever is sent. */
const isToken = (header: string | undefined, token: string) =>
  timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
