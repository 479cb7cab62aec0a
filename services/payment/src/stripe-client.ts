import http from 'node:http';
import https from 'node:https';
import Stripe from 'stripe';

/** Stripe's own SDK, over connections that are kept open. It asks once: asking again is the worker's. */
export function openStripe({
  apiKey,
  url,
  timeoutMs,
  connections,
}: {
  apiKey: string;
  url: string;
  timeoutMs: number;
  connections: number;
}) {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  // Idle connections may be dead: they go after the time that one request waits for an answer.
  const agent = new (secure ? https : http).Agent({
    keepAlive: true,
    maxSockets: connections,
    timeout: timeoutMs,
  });
  const stripe = new Stripe(apiKey, {
    protocol: secure ? 'https' : 'http',
    host: hostname,
    port: port || (secure ? 443 : 80),
    httpAgent: agent,
    timeout: timeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
    appInfo: { name: 'OrderFlow' },
  });
  return { stripe, close: async () => agent.destroy() };
}
