import { type TableEdits, tables } from './edits.ts';

type Sql = <T extends object>(service: string, text: string, values?: unknown[]) => Promise<T[]>;

export type Column = { name: string; type: string; nullable: boolean; generated: boolean };

const services = [...new Set(tables.map(({ service }) => service))];
const copyOf = (table: string) => `edits."${table}"`;

/** Reads columns, edits rows past all safeguards, and puts everything right again. */
export function editedRows(sql: Sql) {
  /** Runs statements past triggers and foreign keys, as whoever repairs rows by hand does: all of them or none. */
  const behindTheBack = (service: string, statements: string) =>
    sql(service, `SET LOCAL session_replication_role = replica; ${statements}`);

  const columnsOf = ({ service, table }: Pick<TableEdits, 'service' | 'table'>): Promise<Column[]> =>
    sql<Column>(
      service,
      `SELECT column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable,
         is_generated = 'ALWAYS' AS generated
       FROM information_schema.columns WHERE table_schema || '.' || table_name = $1 ORDER BY ordinal_position`,
      [table.includes('.') ? table : `public.${table}`],
    );

  return {
    behindTheBack,
    columnsOf,

    /** Keeps a copy of every table. */
    async snapshot(): Promise<void> {
      for (const service of services) {
        await sql(service, 'CREATE SCHEMA edits');
        for (const { table } of tables.filter((one) => one.service === service)) {
          await sql(service, `CREATE TABLE ${copyOf(table)} AS TABLE ${table}`);
        }
      }
    },

    /** Puts the rows of the copies back. */
    async restore(): Promise<void> {
      for (const one of tables) {
        const columns = (await columnsOf(one)).filter(({ generated }) => !generated);
        const list = columns.map(({ name }) => name).join(', ');
        await behindTheBack(
          one.service,
          `DELETE FROM ${one.table};
           INSERT INTO ${one.table} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${copyOf(one.table)}`,
        );
      }
    },
  };
}

const otherValue: Record<string, (column: string) => string> = {
  integer: (column) => `${column} + 1`,
  bigint: (column) => `${column} + 1`,
  text: (column) => `coalesce(${column}, '') || 'x'`,
  uuid: () => 'gen_random_uuid()',
  boolean: (column) => `NOT ${column}`,
  'timestamp with time zone': (column) => `coalesce(${column}, now()) + interval '1 day'`,
  json: () => `'{"edited": true}'`,
  jsonb: () => `'{"edited": true}'`,
};

/** The SET clause that gives a column another value. */
export function anotherValue({ values = {} }: TableEdits, { name, type }: Column): string {
  const value = values[name] ?? otherValue[type]!(name);
  return / = /.test(value) ? value : `${name} = ${value}`;
}

/** The condition for the rows of an order or product. */
export const rowsOf = ({ rows }: TableEdits, id: string): string => rows.replaceAll('$1', `'${id}'`);

/** The statement that edits one row of an order or product. */
export const editOf = (one: TableEdits, set: string, id: string): string =>
  `UPDATE ${one.table} SET ${set}
   WHERE ctid = (SELECT ctid FROM ${one.table} WHERE ${rowsOf(one, id)} LIMIT 1)`;

/** A check, a key, NOT NULL, or a column that Postgres makes itself. */
const refusals = ['23514', '23505', '23502', '428C9'];

export const isRefusal = (error: unknown): boolean => refusals.includes((error as { code: string }).code);
