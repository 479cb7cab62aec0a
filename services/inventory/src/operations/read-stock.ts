import { firstIdAt } from '@orderflow/contracts/ids';
import type { LedgerPage, StockEntry, StockQuery } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import { anyNumber, toLedgerPage } from '@orderflow/service-kit/ledgers';

/**
 * Movements that are this old are summed for good. Ids are drawn while the product's stock is locked, so that those of
 * one product commit in their order, as far as the clocks of the replicas agree; and Postgres ends a transaction that
 * stands still after some seconds. So nothing comes below this any more, unless a clock is behind by more.
 * Then a reader sees a difference that is none, until it asks for the full sum, which also mends this one.
 */
const AT_REST_MS = 2 * 60_000;
/** How often what has come to rest since is added. */
const ADD_EVERY_MS = 60_000;

const sumsOf = (which: string) => `json_build_object(
  'received', coalesce(sum(quantity) FILTER (WHERE kind IN ('RECEIVED', 'ADJUSTED') AND ${which}), 0),
  'reserved', coalesce(sum(CASE kind WHEN 'RESERVED' THEN quantity WHEN 'RELEASED' THEN -quantity
    WHEN 'SHIPPED' THEN -quantity END) FILTER (WHERE ${which}), 0),
  'shipped', coalesce(sum(quantity) FILTER (WHERE kind = 'SHIPPED' AND ${which}), 0))`;

const NOTHING = '00000000-0000-0000-0000-000000000000';

// What somebody has made of a list of items holds nothing: then its products differ, where else every page would fail.
const ITEMS = `CASE jsonb_typeof(items) WHEN 'array' THEN items ELSE '[]' END`;
const IS_ITEM = `jsonb_typeof(item->'quantity') = 'number' AND pg_input_is_valid(item->>'productId', 'uuid')`;

// One statement, so one snapshot: columns, movements and reservations are changed in one transaction and agree in it.
// The movements of a product since its sum are read from the index on (product_id, id) alone, what is held is found by
// reservations_held: neither grows with the orders that are over.
const STOCK = (which: string) => `
  WITH held AS MATERIALIZED (
    SELECT (item->>'productId')::uuid AS product_id, sum((item->>'quantity')::numeric) AS held
    FROM reservations, jsonb_array_elements(${ITEMS}) AS item WHERE status = 'HELD' AND ${IS_ITEM} GROUP BY 1)
  SELECT stock.product_id AS "productId", sku, ${anyNumber('stock.received')} AS received,
    ${anyNumber('on_hand')} AS "onHand", ${anyNumber('stock.reserved')} AS reserved, ${anyNumber('stock.shipped')} AS shipped,
    name, ${anyNumber('price')} AS price, currency, seller_id AS "sellerId", active, sequence, updated_at AS "updatedAt",
    ${anyNumber('coalesce(held, 0)')} AS held, known.before,
    json_build_object('received', coalesce(known.received, 0), 'reserved', coalesce(known.reserved, 0),
      'shipped', coalesce(known.shipped, 0)) AS known, settled, fresh
  FROM (SELECT * FROM stock WHERE ${which}) AS stock
  JOIN products ON products.id = stock.product_id
  LEFT JOIN movement_sums AS known ON known.product_id = stock.product_id AND NOT $1
  CROSS JOIN LATERAL (
    SELECT ${sumsOf('movements.id < $2')} AS settled, ${sumsOf('movements.id >= $2')} AS fresh FROM movements
    WHERE movements.product_id = stock.product_id AND movements.id >= coalesce(known.before, '${NOTHING}')) AS moved
  LEFT JOIN held ON held.product_id = stock.product_id
  ORDER BY stock.product_id`;
const NAMED = STOCK('product_id = ANY($3::uuid[])');
const WALKED = STOCK('product_id > $3 ORDER BY product_id LIMIT $4');

// A sum and the id that it goes up to are of one snapshot: whichever of two readers writes last, what it writes is right.
const KEEP = `
  INSERT INTO movement_sums (product_id, before, received, reserved, shipped)
  SELECT "productId", $2, received, reserved, shipped
  FROM json_to_recordset($1) AS sums("productId" uuid, received bigint, reserved bigint, shipped bigint)
  ORDER BY "productId"
  ON CONFLICT (product_id) DO UPDATE SET before = excluded.before, received = excluded.received,
    reserved = excluded.reserved, shipped = excluded.shipped`;

type Sums = StockEntry['ledger'];
type Row = Omit<StockEntry, 'ledger'> & {
  before: string | null;
  /** Summed earlier, come to rest since, and still too young for that. */
  known: Sums;
  settled: Sums;
  fresh: Sums;
};

const add = (one: Sums, other: Sums): Sums => ({
  received: one.received + other.received,
  reserved: one.reserved + other.reserved,
  shipped: one.shipped + other.shipped,
});

/** The stock of products: the columns, and what the movements and the reservations come to. */
export async function readStock(db: Database, query: StockQuery): Promise<LedgerPage<StockEntry>> {
  const now = Date.now();
  const atRest = firstIdAt(now - AT_REST_MS);
  const { items, next } = await readRows(db, query, atRest);
  const longAgo = firstIdAt(now - AT_REST_MS - ADD_EVERY_MS);
  const sums = items
    .filter(({ before }) => before === null || before < longAgo)
    .map(({ productId, known, settled }) => ({ productId, ...add(known, settled) }))
    .filter(isSafe);
  if (sums.length > 0) {
    await db.query(KEEP, [JSON.stringify(sums), atRest]);
  }
  return { items: items.map(toEntry), next };
}

async function readRows(db: Database, query: StockQuery, atRest: string): Promise<LedgerPage<Row>> {
  if ('products' in query) {
    return { items: await db.query<Row>(NAMED, [query.full, atRest, query.products]), next: null };
  }
  const { after, limit, full } = query;
  const rows = await db.query<Row>(WALKED, [full, atRest, after ?? NOTHING, limit + 1]);
  return toLedgerPage(rows, limit, (row) => row.productId);
}

/** What somebody has edited may come to more than a number can say. */
const isSafe = ({ received, reserved, shipped }: Sums): boolean =>
  [received, reserved, shipped].every(Number.isSafeInteger);

const toEntry = ({ before: _, known, settled, fresh, ...columns }: Row): StockEntry => ({
  ...columns,
  ledger: add(add(known, settled), fresh),
});
