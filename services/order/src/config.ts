import { paymentMethod } from '@orderflow/contracts/order';
import { isTestMethod } from '@orderflow/contracts/payment-methods';
import { authConfig, baseConfig, messagingConfig, orderLinkSecrets } from '@orderflow/service-kit/config';

export const configSchema = baseConfig
  .extend(messagingConfig.shape)
  .extend(authConfig.shape)
  .extend({
    ORDER_LINK_SECRETS: orderLinkSecrets,
    /** What a guest's order is charged to; the plain form has no field for it. */
    GUEST_PAYMENT_METHOD: paymentMethod
      .refine(isTestMethod, 'must be a test card such as pm_card_visa: all guests share it')
      .default('pm_card_visa'),
  });
