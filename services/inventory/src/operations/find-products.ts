import type { listProductsQuery, ProductView } from '@orderflow/contracts/http/catalogue';
import type { Actor } from '@orderflow/service-kit/auth';
import { toPage } from '@orderflow/service-kit/paging';
import type { z } from 'zod';
import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { type Found, sorts } from '../product-sorts.ts';
import { toProductView, withStock } from '../views.ts';

const { sql } = Prisma;

type Query = z.infer<typeof listProductsQuery>;
type Search = { query: Query; viewer: Actor | undefined };

/** A page of the products that match, of those that `viewer` may see. Throws `invalid_request` on a made-up cursor. */
export async function findProducts(
  prisma: PrismaClient,
  { query, viewer }: Search,
): Promise<{ items: ProductView[]; nextCursor: string | null }> {
  const sort = sorts[query.sort ?? (query.q ? 'relevance' : 'newest')];
  const conditions = [visibleTo(viewer), ...filtersOf(query)];
  if (query.cursor !== undefined) conditions.push(sort.after(query.cursor));
  const found = await prisma.$queryRaw<Found[]>`
    WITH wanted AS (SELECT search_query(${query.q ?? ''}) AS words)
    SELECT id, name, price, currency, ts_rank(search, words)::float8 AS rank
    FROM wanted CROSS JOIN products JOIN stock ON stock.product_id = products.id
    WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY ${sort.order} LIMIT ${query.limit + 1}`;
  const page = toPage(found, query, ({ id }) => id, sort.place);
  return { ...page, items: await readAll(prisma, page.items) };
}

/** What was withdrawn is seen by its seller and by admins. */
function visibleTo(viewer: Actor | undefined): Prisma.Sql {
  switch (viewer?.kind) {
    case 'admin':
    case 'service':
      return sql`true`;
    case 'seller':
      return sql`(active OR seller_id = ${viewer.sellerId})`;
    default:
      return sql`active`;
  }
}

function filtersOf({ q, sellerId, active, inStock, currency, minPrice, maxPrice }: Query): Prisma.Sql[] {
  const filters: Prisma.Sql[] = [];
  if (q) filters.push(sql`search @@ words`);
  if (sellerId !== undefined) filters.push(sql`seller_id = ${sellerId}`);
  if (active !== undefined) filters.push(sql`active = ${active}`);
  if (inStock !== undefined) filters.push(sql`(on_hand > reserved) = ${inStock}`);
  if (currency !== undefined) filters.push(sql`currency = ${currency}`);
  if (minPrice !== undefined) filters.push(sql`price >= ${minPrice}::bigint`);
  if (maxPrice !== undefined) filters.push(sql`price <= ${maxPrice}::bigint`);
  return filters;
}

/** The products in the order of their ids. */
async function readAll(prisma: PrismaClient, ids: string[]): Promise<ProductView[]> {
  const rows = await prisma.product.findMany({ where: { id: { in: ids } }, include: withStock });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => toProductView(byId.get(id)!));
}
