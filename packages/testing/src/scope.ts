import { createHealth } from '@orderflow/service-kit/health';
import { createMetrics } from '@orderflow/service-kit/metrics';
import { pino } from 'pino';

export const silentLog = pino({ level: 'silent' });

/** What a service's parts get from `runService`: a log whose lines can be read back, fresh metrics and health. */
export function testScope() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines, metrics: createMetrics({ service: 'test' }), health: createHealth() };
}
