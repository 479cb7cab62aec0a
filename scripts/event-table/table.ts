import { type EventType, events } from '@orderflow/contracts/events';
import { consumersOf } from '@orderflow/contracts/groups';

const START = '<!-- events:start -->';
const END = '<!-- events:end -->';

/** Every event with its producer and consumers, as the code has them: a Markdown table. */
export function eventTable(): string {
  const rows = Object.entries(events).map(([type, { source, when }]) => [
    `\`${type}\``,
    source,
    when,
    consumersOf(type as EventType).join(', '),
  ]);
  return markdownTable([['Event', 'Made by', 'When', 'Acted on by'], ...rows]);
}

/** A document with today's table between the marks. Throws when it has no such marks. */
export function withEventTable(document: string): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start) {
    throw new Error(
      `The file has no place for the table. Put these two lines where it belongs:\n${START}\n${END}`,
    );
  }
  return `${document.slice(0, start)}${START}\n\n${eventTable()}\n\n${document.slice(end)}`;
}

/** Columns of equal width, as the formatter wants them. */
function markdownTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
