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
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { testAuth } from '@orderflow/testing/tokens';
import { expect, onTestFinished } from 'vitest';
import { createApp, type Deps } from '../src/app.ts';
import type { BreakerOptions } from '../src/breaker.ts';
import { type IntakeOptions, intakeDefaults } from '../src/intake.ts';
import { createLiveAnswers } from '../src/live-answers.ts';
import { openQuotaRedis } from '../src/shared-quotas.ts';
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

type Options = Partial<Omit<Deps, 'limits' | 'intake'>> & {
  intake?: Partial<IntakeOptions>;
  limits?: Partial<Deps['limits']>;
  breaker?: Omit<BreakerOptions, 'onChange'>;
};

const noLimits = {
  address: 1_000_000,
  user: 1_000_000,
  auth: 1_000_000,
  'card-user': 1_000_000,
  'card-address': 1_000_000,
};

/** Quotas of the run's Redis, under keys that no other test uses. */
export async function testQuotas() {
  const { url, prefix } = testRedis();
  // A machine that is busy with tests is not what the tests are about.
  const redis = openQuotaRedis(url, { patienceMs: 5_000 });
  onTestFinished(() => redis.disconnect());
  await once(redis, 'ready');
  return { redis, prefix };
}

/** The gateway, listening, in front of services of the test's own; those not given are dead. */
export async function startGateway(
  urls: Partial<Record<UpstreamName, string>>,
  { timeoutMs = 2_000, limits, intake, breaker, redis, prefix, ...options }: Options = {},
) {
  const all = {
    order: deadAddress,
    inventory: deadAddress,
    payment: deadAddress,
    notification: deadAddress,
    customer: deadAddress,
    auditor: deadAddress,
    'chaos-controller': deadAddress,
    ...urls,
  };
  const { upstreams, close } = openUpstreams(all, { timeoutMs, breaker });
  onTestFinished(close);
  const scope = testScope();
  const liveAnswers = createLiveAnswers();
  const quotas = redis ? { redis, prefix } : await testQuotas();
  const app = createApp({
    scope,
    auth: testAuth,
    upstreams,
    liveAnswers,
    ...quotas,
    limits: { ...noLimits, ...limits },
    intake: { ...intakeDefaults, ...intake },
    demo: false,
    timeoutMs,
    trustProxy: 0,
    corsOrigins: [],
    ...options,
  });
  const port = await listenOn(createServer(app));
  const url = `http://127.0.0.1:${port}`;
  return {
    ...scope,
    app,
    url,
    port,
    upstreams,
    liveAnswers,
    /** A request whose body the test writes itself; `answer` comes with the headers. */
    open(path: string, options: Pick<RequestOptions, 'method' | 'headers' | 'agent'> = {}) {
      // Not as a URL, which would be made tidy first.
      const outgoing = request({ host: '127.0.0.1', port, path, ...options });
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
