import type { Database, Query } from '@orderflow/service-kit/database';

/**
 * The same database, whose every answer shows that the loop is alive, an error as well. A loop that waits for a slow
 * Postgres through many statements is not stuck: each of them is bounded.
 */
export function beating(db: Database, beat: () => void): Database {
  const wrap =
    (query: Query): Query =>
    (text, values) =>
      query<never>(text, values).finally(beat);
  return {
    ...db,
    query: wrap(db.query),
    transaction: (work) => db.transaction((tx) => work({ ...tx, query: wrap(tx.query) })).finally(beat),
  };
}
