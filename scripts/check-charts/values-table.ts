/** A value of a chart: its path, what it is when nobody sets it, and the comment above it. */
export type ChartValue = { path: string; fallback: string; comment: string };

const keyLine = /^(\s*)([\w-]+):(?:\s+(.*))?$/;

/**
 * Reads the keys of a values.yaml of two-space indents, with the comments right above them. A key that only has
 * others below it is left out unless it has a comment. Throws on lines it cannot read.
 */
export function readValues(yaml: string): ChartValue[] {
  const values: ChartValue[] = [];
  const parents: string[] = [];
  let comment: string[] = [];
  for (const [index, line] of yaml.split('\n').entries()) {
    const text = line.trim();
    if (text === '') comment = [];
    else if (text.startsWith('#')) comment.push(text.slice(1).trim());
    else {
      const [, indent, key, fallback = ''] = keyLine.exec(line) ?? [];
      if (indent === undefined || key === undefined)
        throw new Error(`Line ${index + 1} of the values is not "key: value": ${line}`);
      parents.length = indent.length / 2;
      parents.push(key);
      if (fallback || comment.length > 0)
        values.push({ path: parents.join('.'), fallback, comment: comment.join(' ') });
      comment = [];
    }
  }
  return values;
}

const escaped = (text: string) => text.replaceAll('|', '\\|');

/** The values as a table of Markdown. */
export function valuesTable(yaml: string): string {
  const rows = readValues(yaml).map(
    ({ path, fallback, comment }) =>
      `| \`${path}\` | ${fallback ? `\`${escaped(fallback)}\`` : ''} | ${escaped(comment)} |`,
  );
  return ['| value | default | |', '|---|---|---|', ...rows].join('\n');
}

/** The text with what is between the markers `<!-- values NAME -->` and `<!-- end -->` replaced. Throws without them. */
export function withTable(text: string, name: string, table: string): string {
  const start = `<!-- values ${name} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0)
    throw new Error(`Put ${start} and <!-- end --> where the table of ${name} belongs.`);
  return `${text.slice(0, from + start.length)}\n${table}\n${text.slice(to)}`;
}
