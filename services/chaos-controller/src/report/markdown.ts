/** Text as it stands, whatever Markdown would make of its characters; on one line, as cells of tables are. */
export const text = (given: string): string =>
  given
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\|`*_[\]~>]/g, '\\$&');

/** Text in the letters of a machine. Backticks cannot be escaped there, and pipes end the cell of a table even there. */
export const code = (given: string): string =>
  `\`${given.replaceAll(/\s+/g, ' ').replaceAll('`', 'ˋ').replaceAll('|', '\\|')}\``;

/** A table; its cells are Markdown already. The first column is read, the others are compared. */
export function table(head: string[], rows: string[][], { figures = false } = {}): string {
  const rule = head.map((_, i) => (figures && i > 0 ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
