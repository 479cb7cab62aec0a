import { authConfig, baseConfig, databaseConfig } from '@orderflow/service-kit/config';

export const configSchema = baseConfig
  .extend(databaseConfig.shape)
  .extend(authConfig.pick({ INTERNAL_TOKEN: true }).shape)
  .extend({
    /** Where it takes mail; PORT is for HTTP. */
    SMTP_PORT: baseConfig.shape.PORT,
  });
