import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** One thing that was tried; the figures are of those with orders streaming in. */
export type Line = {
  name: string;
  passed: boolean;
  /** Of a drill. */
  verdict?: string;
  accepted?: number;
  lost?: number;
  doubled?: number;
  /** 5xx answers without Retry-After. */
  mute?: number;
  /** From the fault until orders complete again, and of the order that took longest. */
  seconds?: number;
  slowest?: number;
  /** Of a drill: from its fault until something showed it. */
  detected?: number;
  wrong: string[];
};

const show = (value: number | undefined): string => (value === undefined ? '' : String(value));

export function table(lines: Line[]): string {
  const rows = [
    [
      '',
      'what',
      'verdict',
      'accepted',
      'lost',
      'doubled',
      '5xx mute',
      'seen after s',
      'again after s',
      'slowest s',
    ],
    ...lines.map((line) => [
      line.passed ? '✓' : '✗',
      line.name,
      line.verdict ?? '',
      ...[line.accepted, line.lost, line.doubled, line.mute].map(show),
      line.detected?.toFixed(1) ?? '',
      line.seconds?.toFixed(1) ?? '',
      line.slowest?.toFixed(1) ?? '',
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number) =>
    column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

export const tally = (lines: Line[]): string => {
  const failed = lines.filter(({ passed }) => !passed).length;
  return `${lines.length - failed} passed, ${failed} failed`;
};

export function writeReport(file: string, about: object, lines: Line[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const report = { at: new Date().toISOString(), ...about, lines };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
