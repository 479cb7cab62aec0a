import type { DrillReport } from '@orderflow/contracts/drills';

const seconds = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} s`);

const columns: [title: string, of: (report: DrillReport) => string | number][] = [
  ['drill', ({ name }) => name],
  ['verdict', ({ verdict }) => verdict],
  ['accepted', ({ orders }) => orders.accepted],
  ['refused', ({ orders }) => orders.refused],
  ['open', ({ orders }) => orders.open],
  ['lost', ({ orders }) => orders.lost],
  ['doubled', ({ orders }) => orders.doubled],
  ['detected after', ({ detectedAfter }) => seconds(detectedAfter)],
  ['recovered after', ({ recoveredAfter }) => seconds(recoveredAfter)],
];

/** A row for each drill, as a terminal and Markdown show it. */
export function table(reports: DrillReport[]): string {
  const rows = [columns.map(([title]) => title), ...reports.map((report) => cells(report))];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const cells = (report: DrillReport) => columns.map(([, of]) => String(of(report)));
