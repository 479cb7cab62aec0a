import { type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on stdout, each with the service's name. Log ids, never payloads. */
export function createLogger({ service, level = 'info' }: { service: string; level?: string }): Logger {
  return pino({ level, base: { service }, errorKey: 'error' });
}
