import type { Database } from '@orderflow/service-kit/database';

type Statement = { text: string; values: unknown[] };

type PlanNode = {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
};

/** What a statement read to give its rows. */
export type Cost = { text: string; returned: number; read: number; pages: number; scans: string[] };

/** Rows and pages that a statement may read besides those that it needs for each row that it returns. */
const FREE = { rows: 100, pages: 100 };
const PER_ROW = { rows: 4, pages: 12 };

/** Calls `work` and returns the statements that it sent through the pool, Prisma's own included. */
async function statementsOf(pool: Database['pool'], work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const query = pool.query;
  const recording = (...args: [Statement, ...unknown[]]) => {
    statements.push({ text: args[0].text, values: args[0].values ?? [] });
    return Reflect.apply(query, pool, args);
  };
  pool.query = recording as unknown as typeof query;
  try {
    await work();
  } finally {
    pool.query = query;
  }
  return statements.filter(({ text }) => /^\s*(SELECT|WITH)\b/i.test(text));
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

const rowsRead = (node: PlanNode): number =>
  node['Actual Loops'] *
  (node['Actual Rows'] +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0));

async function costOf(pool: Database['pool'], { text, values }: Statement): Promise<Cost> {
  const { rows } = await pool.query({ text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values });
  const { Plan: plan } = rows[0]['QUERY PLAN'][0] as { Plan: PlanNode };
  // What a bitmap of an index leads to is counted where its rows are read.
  const scans = nodesOf(plan).filter((node) => node['Relation Name']);
  return {
    text,
    returned: plan['Actual Rows'],
    read: scans.reduce((sum, node) => sum + rowsRead(node), 0),
    pages: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
    scans: scans.map((node) => {
      const from = node['Index Name'] ?? node['Relation Name'];
      return `${node['Node Type']} ${from}: ${rowsRead(node)} rows`;
    }),
  };
}

const isWasteful = ({ returned, read, pages }: Cost): boolean =>
  read > FREE.rows + PER_ROW.rows * returned || pages > FREE.pages + PER_ROW.pages * returned;

/**
 * Calls `work` and returns those of its statements that read many more rows or pages than they return, with the scans
 * that did it. Postgres is asked for the plan of each statement as it was really sent, and runs it once more for that.
 */
export async function wasteOf(db: Database, work: () => Promise<unknown>): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (const statement of await statementsOf(db.pool, work)) costs.push(await costOf(db.pool, statement));
  return costs.filter(isWasteful);
}
