import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { openUpstreams } from './upstreams.ts';

const config = readConfig(configSchema);

await runService({ service: 'gateway', logLevel: config.LOG_LEVEL }, async (scope) => {
  const timeoutMs = config.PROXY_TIMEOUT_MS;
  const urls = {
    order: config.ORDER_URL,
    inventory: config.INVENTORY_URL,
    payment: config.PAYMENT_URL,
    notification: config.NOTIFICATION_URL,
    customer: config.CUSTOMER_URL,
    auditor: config.AUDITOR_URL,
  };
  const { upstreams, close } = openUpstreams(urls, { timeoutMs });
  scope.onStop('upstreams', close);
  const app = createApp({ scope, upstreams, demo: config.DEMO, timeoutMs });
  const server = await listen(app, { port: config.PORT, host: config.HOST, log: scope.log });
  scope.onStop('http', server.close);
});
