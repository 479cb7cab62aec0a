import { styleText } from 'node:util';

const levels: Record<number, { name: string; colour: 'red' | 'yellow' | 'green' | 'blue' | 'gray' }> = {
  10: { name: 'TRACE', colour: 'gray' },
  20: { name: 'DEBUG', colour: 'blue' },
  30: { name: 'INFO', colour: 'green' },
  40: { name: 'WARN', colour: 'yellow' },
  50: { name: 'ERROR', colour: 'red' },
  60: { name: 'FATAL', colour: 'red' },
};
const shownOtherwise = new Set([
  'level',
  'time',
  'msg',
  'service',
  'pid',
  'hostname',
  'name',
  'req',
  'res',
  'error',
  'err',
]);

/** A JSON line of pino as `HH:MM:SS.mmm service  LEVEL message key=value`; any other line with its source in front. */
export function formatLogLine(source: string, line: string, colour: boolean): string {
  const entry = parse(line);
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const name = source.padEnd(12);
  if (!entry) return `${paint('gray', timeOf(Date.now()))} ${paint('cyan', name)}       ${line}`;

  const level = levels[Number(entry.level)] ?? { name: String(entry.level), colour: 'gray' };
  const fields = Object.entries(entry).filter(([key]) => !shownOtherwise.has(key));
  const words = [
    paint('gray', timeOf(Number(entry.time))),
    paint('cyan', name),
    paint(level.colour, level.name.padEnd(5)),
    String(entry.msg ?? ''),
    ...requestIn(entry),
    ...fields.map(([key, value]) => paint('gray', `${key}=${valueText(value)}`)),
  ];
  return [words.filter(Boolean).join(' '), ...errorIn(entry)].join('\n');
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function timeOf(time: number): string {
  const date = new Date(Number.isFinite(time) ? time : Date.now());
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${clock.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function requestIn(entry: Record<string, unknown>): string[] {
  const { method, url } = record(entry.req);
  const { statusCode } = record(entry.res);
  return [method, url, statusCode].filter((part) => part !== undefined).map(String);
}

function errorIn(entry: Record<string, unknown>): string[] {
  const error = entry.error ?? entry.err;
  if (error === undefined) return [];
  const { stack, message } = record(error);
  return String(stack ?? message ?? valueText(error))
    .split('\n')
    .map((line) => `    ${line.trim()}`);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
