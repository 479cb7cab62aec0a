import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';

const EVERY_MS = 2_000;

const INSERT_WAITING = "SELECT gin_clean_pending_list('order_items_search_idx')";

type SearchUpkeepOptions = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  everyMs?: number;
};

/**
 * Postgres keeps new entries of a search index in a list first, and whose row fills it inserts them all: a buyer would
 * wait for the words of a hundred others. This empties it before it is full. Searches read the list too, so that they
 * find the same with and without. https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
 */
export const startSearchUpkeep = ({ db, scope, everyMs = EVERY_MS }: SearchUpkeepOptions) =>
  startLoop({
    name: 'search-upkeep',
    scope,
    everyMs,
    failure: 'the search index is tended later',
    async round() {
      await db.query(INSERT_WAITING);
      return everyMs;
    },
  });
