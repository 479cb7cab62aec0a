import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { problem } from '@orderflow/contracts/errors';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished } from 'vitest';
import { createApp } from '../src/app.ts';
import { openUpstreams, type UpstreamName } from '../src/upstreams.ts';

async function listenOn(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

/** A service as the test wants it to behave; its address. */
export const startService = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listenOn(createServer(listener))}`;

/** An address where nobody listens. */
export const deadAddress = 'http://127.0.0.1:1';

/** The gateway, listening, in front of services of the test's own; those not given are dead. */
export async function startGateway(
  urls: Partial<Record<UpstreamName, string>>,
  { demo = false, timeoutMs = 2_000 } = {},
) {
  const all = {
    order: deadAddress,
    inventory: deadAddress,
    payment: deadAddress,
    notification: deadAddress,
    customer: deadAddress,
    auditor: deadAddress,
    ...urls,
  };
  const { upstreams, close } = openUpstreams(all, { timeoutMs });
  onTestFinished(close);
  const scope = testScope();
  const app = createApp({ scope, upstreams, demo, timeoutMs });
  const port = await listenOn(createServer(app));
  const url = `http://127.0.0.1:${port}`;
  return {
    ...scope,
    app,
    url,
    port,
    upstreams,
    /** A request whose body the test writes itself; `answer` comes with the headers. */
    open(path: string, options: Pick<RequestOptions, 'method' | 'headers' | 'agent'> = {}) {
      const outgoing = request(url + path, options);
      const answer = once(outgoing, 'response').then(([message]) => message as IncomingMessage);
      // The test looks at it when it is time to.
      answer.catch(() => {});
      return { outgoing, answer };
    },
  };
}

/** All of a message's body. */
export async function textOf(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of message) text += chunk;
  return text;
}

/** The problem document that an answer is. */
export async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return problem.parse(await response.json());
}
