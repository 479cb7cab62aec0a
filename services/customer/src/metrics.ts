import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter } from 'prom-client';

export const createCustomerMetrics = ({ registry }: Metrics) => ({
  created: new Counter({
    name: 'customers_created_total',
    help: 'Customer records: guest (made from an order), registered (made by hand), taken_over (a guest who registered)',
    labelNames: ['kind'],
    registers: [registry],
  }),
});
export type CustomerMetrics = ReturnType<typeof createCustomerMetrics>;
