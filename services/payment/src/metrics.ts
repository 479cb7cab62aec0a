import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { ProviderCall } from './operations/provider-calls.ts';
import type { ProviderAnswer } from './provider.ts';
import type { WebhookOutcome } from './stripe-webhook.ts';

export function createPaymentMetrics({ registry }: Metrics) {
  const charges = new Counter({
    name: 'payment_charges_total',
    help: 'Charges asked of the provider, by what it said: captured, declined, blocked for good until a person decides, or unknown for no answer',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const refunds = new Counter({
    name: 'payment_refunds_total',
    help: 'Refunds asked of the provider, by what it said: refunded, blocked for good until a person decides, or unknown for no answer',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const callDuration = new Histogram({
    name: 'payment_provider_duration_seconds',
    help: 'Time until the provider answered, or was given up on for this time',
    labelNames: ['call', 'outcome'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const oldestUnknown = new Gauge({
    name: 'payment_unknown_outcome_oldest_seconds',
    help: 'Time since the oldest charge or refund was first asked for whose outcome is still unknown',
    registers: [registry],
  });
  const webhooks = new Counter({
    name: 'payment_webhooks_total',
    help: 'Reports of Stripe, by what came of them: recorded, repeated, ignored, or refused for a bad signature',
    labelNames: ['outcome'],
    registers: [registry],
  });

  return {
    oldestUnknown,
    countWebhook: (outcome: WebhookOutcome) => webhooks.inc({ outcome }),
    countCall(
      { status }: ProviderCall,
      outcome: ProviderAnswer['status'] | 'unknown',
      seconds: number,
    ): void {
      const call = status === 'CHARGING' ? 'charge' : 'refund';
      (call === 'charge' ? charges : refunds).inc({ outcome });
      callDuration.observe({ call, outcome }, seconds);
    },
  };
}

export type PaymentMetrics = ReturnType<typeof createPaymentMetrics>;
