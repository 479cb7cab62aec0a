import { baseConfig, lingerMs, messagingConfig } from '@orderflow/service-kit/config';

export const configSchema = baseConfig.extend(messagingConfig.shape).extend({
  // Nobody waits for what this service makes of an event.
  LINGER_MS: lingerMs.default(100),
});
