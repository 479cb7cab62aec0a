import { baseConfig, messagingConfig } from '@orderflow/service-kit/config';

export const configSchema = baseConfig.extend(messagingConfig.shape);
