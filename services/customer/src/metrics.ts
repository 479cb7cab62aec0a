import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter } from 'prom-client';

export const createCustomerMetrics = ({ registry }: Metrics) => ({
  created: new Counter({
    name: 'customers_created_total',
    help: 'Customer records: guest (made from an order), registered (made by hand or with an account), taken_over (a guest who registered)',
    labelNames: ['kind'],
    registers: [registry],
  }),
  accounts: new Counter({
    name: 'accounts_created_total',
    help: 'Accounts made, by role; customers register, the others are made by an admin',
    labelNames: ['role'],
    registers: [registry],
  }),
  logins: new Counter({
    name: 'auth_logins_total',
    help: 'Logins: success, refused (wrong password or no such account), delayed (after too many failures)',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  refreshes: new Counter({
    name: 'auth_refreshes_total',
    help: 'Uses of refresh tokens: success, unknown, expired, revoked, unverified (of a customer from before addresses were proved), reused (a token was used twice, which may be theft)',
    labelNames: ['outcome'],
    registers: [registry],
  }),
});
export type CustomerMetrics = ReturnType<typeof createCustomerMetrics>;
