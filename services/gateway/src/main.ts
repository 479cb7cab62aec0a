import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { boundConnections, MAX_CONNECTIONS } from './connections.ts';
import { intakeDefaults } from './intake.ts';
import { createLiveAnswers } from './live-answers.ts';
import { countRefusedConnections } from './metrics.ts';
import { openQuotaRedis } from './shared-quotas.ts';
import { openUpstreams } from './upstreams.ts';

const config = readConfig(configSchema);

await runService({ service: 'gateway', config }, async (scope) => {
  const timeoutMs = config.PROXY_TIMEOUT_MS;
  const urls = {
    order: config.ORDER_URL,
    inventory: config.INVENTORY_URL,
    payment: config.PAYMENT_URL,
    notification: config.NOTIFICATION_URL,
    customer: config.CUSTOMER_URL,
    auditor: config.AUDITOR_URL,
    'chaos-controller': config.CHAOS_CONTROLLER_URL,
  };
  const redis = openQuotaRedis(config.REDIS_URL);
  scope.onStop('redis', () => redis.disconnect());
  const { upstreams, close } = openUpstreams(urls, {
    timeoutMs,
    breaker: { failures: config.BREAKER_FAILURES, openMs: config.BREAKER_OPEN_MS },
    onBreaker: (upstream, state) => scope.log.warn({ upstream, state }, 'circuit'),
  });
  scope.onStop('upstreams', close);
  const liveAnswers = createLiveAnswers();
  const app = createApp({
    scope,
    auth: authFrom(config),
    upstreams,
    liveAnswers,
    redis,
    limits: {
      address: config.RATE_LIMIT_PER_MINUTE,
      user: config.RATE_LIMIT_USER_PER_MINUTE,
      auth: config.RATE_LIMIT_AUTH_PER_MINUTE ?? (config.DEMO ? 3_000 : 30),
      'card-user': config.RATE_LIMIT_CARDS_PER_MINUTE,
      'card-address': config.RATE_LIMIT_CARDS_ADDRESS_PER_MINUTE ?? (config.DEMO ? 3_000 : 120),
    },
    intake: intakeDefaults,
    demo: config.DEMO,
    timeoutMs,
    trustProxy: config.TRUST_PROXY,
    corsOrigins: config.CORS_ORIGINS,
  });
  // All connections may be those of one proxy.
  const each = config.TRUST_PROXY === 0 ? MAX_CONNECTIONS.each : MAX_CONNECTIONS.total;
  const server = await listen(app, {
    port: config.PORT,
    host: config.HOST,
    log: scope.log,
    drainMs: config.DRAIN_MS,
    onConnection: boundConnections({ ...MAX_CONNECTIONS, each }, countRefusedConnections(scope.metrics)),
  });
  scope.onStop('http', server.close);
  // Before the above, which waits for all answers to end.
  scope.onStop('live answers', liveAnswers.stop);
});
