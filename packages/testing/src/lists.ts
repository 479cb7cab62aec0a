import { operations } from '@orderflow/contracts/api';
import type { Database } from '@orderflow/service-kit/database';
import request, { type Response } from 'supertest';
import { z } from 'zod';
import { wasteOf } from './plans.ts';

type App = Parameters<typeof request>[0];
type Values = Record<string, string>;

/** How a test asks for a list. */
export type ListSample = {
  /** The address, where it has parameters. */
  path?: string;
  /** A rare value for each filter of the operation, of more rows than a page has; with what it is only allowed with. */
  filters: Record<string, string | Values>;
  /** Filters that no index answers, each with the reason. */
  walked?: Record<string, string>;
  /** Filters that are used together. */
  together?: string[][];
  /** Headers of each kind of caller. */
  callers: Record<string, Values>;
};

const PAGE = 5;

const paging = ['limit', 'cursor'];

/** Fills tables with many rows, as slowly as a busy machine may, and leaves them as autovacuum would. */
export async function fillTables(db: Database, text: string, values: unknown[] = []): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('SET statement_timeout = 0');
    await client.query(text, values);
    await client.query('VACUUM ANALYZE');
  } finally {
    client.release(true);
  }
}

/** Operations of a service that answer with a list. */
const listsOf = (service: string) =>
  operations.filter(({ method, success, service: of }) => {
    const { schema } = success;
    const isList =
      schema instanceof z.ZodArray || (schema instanceof z.ZodObject && 'nextCursor' in schema.shape);
    return of === service && method === 'get' && isList;
  });

const queryOf = (name: string, value: string | Values): Values =>
  typeof value === 'string' ? { [name]: value } : value;

const filtersOf = (query: z.ZodObject | undefined) =>
  Object.keys(query?.shape ?? {}).filter((name) => !paging.includes(name));

/** Throws when the samples leave out a list of the service, or a filter of one. */
function checkComplete(service: string, samples: Record<string, ListSample>): void {
  const wanted = Object.fromEntries(listsOf(service).map(({ id, query }) => [id, filtersOf(query).sort()]));
  const given = Object.fromEntries(
    Object.entries(samples).map(([id, { filters, walked }]) => [
      id,
      Object.keys({ ...filters, ...walked }).sort(),
    ]),
  );
  for (const [id, filters] of Object.entries(wanted)) {
    if (JSON.stringify(given[id]) === JSON.stringify(filters)) continue;
    throw new Error(
      `The samples must have a value for each filter of ${id}: ${filters.join(', ') || 'none'}`,
    );
  }
}

type Service = { service: string; app: App; db: Database };
type List = { name: string; path: string; headers: Values; query: Values };

/** Asks for a page of a list and the one after it. Returns what either of them read too much of. */
async function wasteOfList({ app, db }: Service, { name, path, headers, query }: List): Promise<object[]> {
  const found: object[] = [];
  let cursor: string | undefined;
  for (const page of ['first', 'next']) {
    const answers: Response[] = [];
    const asked = { limit: String(PAGE), ...query, ...(cursor && { cursor }) };
    const waste = await wasteOf(db, async () => {
      answers.push(await request(app).get(path).set(headers).query(asked).expect(200));
    });
    found.push(...waste.map((cost) => ({ list: `${name}, ${page} page`, ...cost })));
    const { items, nextCursor } = pageIn(answers[0]!.body);
    if (items.length === 0) throw new Error(`There must be something on the ${page} page of ${name}`);
    if (!nextCursor) break;
    cursor = nextCursor;
  }
  return found;
}

const listBody = z.object({ items: z.array(z.unknown()), nextCursor: z.string().nullable() });

const pageIn = (body: unknown): z.infer<typeof listBody> =>
  Array.isArray(body) ? { items: body, nextCursor: null } : listBody.parse(body);

/**
 * Asks a service for each of its lists, as each caller, with each filter alone and with those that are used together,
 * and for the page after it. Returns those that read many more rows than they show. The lists and their filters are
 * those of the table of operations, so that a new filter must have an index.
 */
export async function wastefulLists({
  samples,
  ...of
}: Service & { samples: Record<string, ListSample> }): Promise<object[]> {
  checkComplete(of.service, samples);
  const wasteful: object[] = [];
  for (const { id, path: template } of listsOf(of.service)) {
    const { path = template, filters, together = [], callers } = samples[id]!;
    const sets = [[], ...Object.keys(filters).map((name) => [name]), ...together];
    for (const [caller, headers] of Object.entries(callers)) {
      for (const names of sets) {
        const name = `${id} of ${caller} by ${names.join(' and ') || 'nothing'}`;
        const query: Values = Object.assign({}, ...names.map((name) => queryOf(name, filters[name]!)));
        wasteful.push(...(await wasteOfList(of, { name, path, headers, query })));
      }
    }
  }
  return wasteful;
}
