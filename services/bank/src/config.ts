import { baseConfig, databaseConfig } from '@orderflow/service-kit/config';

export const configSchema = baseConfig.extend(databaseConfig.shape);
