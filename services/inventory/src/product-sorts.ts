import type { listProductsQuery } from '@orderflow/contracts/http/catalogue';
import { decodeCursor } from '@orderflow/service-kit/http-input';
import { z } from 'zod';
import { Prisma } from './generated/prisma/client.ts';

/** What a product is sorted by. `rank` is how well it matches the search; null without one. */
export type Found = { id: string; name: string; price: bigint; currency: string; rank: number | null };

type Sort = {
  order: Prisma.Sql;
  /** The place of a product in this order: the text that its cursor carries. */
  place: (product: Found) => string;
  /** The condition for what comes after the place of a cursor. Throws `invalid_request` on one that was made up. */
  after: (cursor: string) => Prisma.Sql;
};

const { sql } = Prisma;

// In no text that Postgres keeps, so that it is never part of a name.
const SEPARATOR = '\0';

/** The parts of a place, each text read by its schema. */
const placeOf = <T extends z.ZodType>(parts: T) =>
  z.preprocess((text) => String(text).split(SEPARATOR), parts);

const id = z.uuid();
const places = {
  relevance: placeOf(z.tuple([z.coerce.number(), id])),
  price: placeOf(z.tuple([z.string(), z.coerce.number().int(), id])),
  name: placeOf(z.tuple([z.string(), id])),
};

/** The orders a list of products can have. Each ends with the id, so that no two products share a place. */
export const sorts: Record<NonNullable<z.infer<typeof listProductsQuery>['sort']>, Sort> = {
  relevance: {
    order: sql`rank DESC, id DESC`,
    place: (product) => [product.rank, product.id].join(SEPARATOR),
    after(cursor) {
      const [rank, id] = decodeCursor(places.relevance, cursor);
      return sql`(ts_rank(search, words)::float8, id) < (${rank}::float8, ${id}::uuid)`;
    },
  },
  newest: {
    order: sql`id DESC`,
    place: (product) => product.id,
    after: (cursor) => sql`id < ${decodeCursor(id, cursor)}::uuid`,
  },
  price: {
    // Amounts of two currencies cannot be compared.
    order: sql`currency, price, id`,
    place: (product) => [product.currency, product.price, product.id].join(SEPARATOR),
    after(cursor) {
      const [currency, price, id] = decodeCursor(places.price, cursor);
      return sql`(currency, price, id) > (${currency}, ${price}::bigint, ${id}::uuid)`;
    },
  },
  name: {
    order: sql`name COLLATE "und-x-icu", id`,
    place: (product) => [product.name, product.id].join(SEPARATOR),
    after(cursor) {
      const [name, id] = decodeCursor(places.name, cursor);
      return sql`(name COLLATE "und-x-icu", id) > (${name}, ${id}::uuid)`;
    },
  },
};
