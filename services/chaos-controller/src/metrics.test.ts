import { createMetrics } from '@orderflow/service-kit/metrics';
import { expect, test } from 'vitest';
import { aDrill } from '../test/drill-samples.ts';
import { createDrillMetrics } from './metrics.ts';

test('the time to recover counts from the first strike of several', async () => {
  const metrics = createMetrics({ service: 'test' });
  const drill = aDrill({
    phase: 'Passed',
    injectedAt: 10_000,
    lastInjectedAt: 25_000,
    recoveredAt: 30_000,
    detected: { after: 2, by: 'target' },
  });
  createDrillMetrics(metrics).count(drill);
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/orderflow_drill_time_to_recover_seconds_sum\{.*\} 20\b/);
  expect(text).toMatch(/orderflow_drill_time_to_detect_seconds_sum\{.*\} 2\b/);
});
