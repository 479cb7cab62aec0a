import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter } from 'prom-client';

export const createPostboxMetrics = ({ registry }: Metrics) => ({
  deliveries: new Counter({
    name: 'postbox_deliveries_total',
    help: 'Attempts to deliver, by what became of them: accepted, rejected, answer_lost',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
  }),
});
export type PostboxMetrics = ReturnType<typeof createPostboxMetrics>;
