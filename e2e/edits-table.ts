import { type TableEdits, tables } from './edits.ts';
import { unseenTables } from './unseen-tables.ts';

const nameOf = ({ service, table }: TableEdits) => (table.includes('.') ? table : `${service}.${table}`);

function exceptionsOf({ unseen = {}, unseenParts = {}, deleted, doubled }: TableEdits): string {
  const rows: [string, string][] = Object.entries(unseen).map(([column, why]) => [`\`${column}\``, why]);
  for (const [what, { why }] of Object.entries(unseenParts)) rows.push([what, why]);
  if (typeof deleted !== 'string') rows.push(['a row deleted', deleted.unseen]);
  if (doubled && typeof doubled.by !== 'string') rows.push(['a row there twice', doubled.by.unseen]);
  return rows.map(([what, why]) => `${what}: ${why}`).join('<br>') || 'nothing';
}

/** The table for docs/audit.md, in Markdown. `node e2e/edits-table.ts` prints it. */
export const editsTable = (): string =>
  [
    '| Table | An edit is found by | Not found, and why that does not matter |',
    '| --- | --- | --- |',
    ...tables.map((one) => {
      const by = new Set([one.by, ...Object.values(one.also ?? {})]);
      return `| \`${nameOf(one)}\` | ${[...by].map((name) => `\`${name}\``).join(', ')} | ${exceptionsOf(one)} |`;
    }),
    ...Object.entries(unseenTables).map(([table, why]) => `| \`${table}\` | | ${why} |`),
  ].join('\n');

if (import.meta.main) console.log(editsTable());
