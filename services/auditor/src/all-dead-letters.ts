import type { DeadLetterOverview, ListDeadLettersQuery } from '@orderflow/contracts/http/dead-letters';
import { type DeadLetters, keyOf, positionIn } from '@orderflow/messaging/dead-letters-views';
import { encodeCursor } from '@orderflow/service-kit/http-input';
import type { Logger } from '@orderflow/service-kit/logger';

/** The dead letters of each service, by its name. */
export type Sources = Record<string, DeadLetters>;

/** A page over several services, newest first. Those that do not answer are named, never just left out. */
export async function listAll(
  sources: Sources,
  { query, log }: { query: ListDeadLettersQuery; log: Logger },
): Promise<DeadLetterOverview> {
  if (query.cursor !== undefined) positionIn(query.cursor); // a bad one is the caller's fault, not the services'
  const unavailable: string[] = [];
  const pages = await Promise.all(
    Object.entries(sources).map(([service, letters]) =>
      letters.list(query).catch((error: Error) => {
        log.warn({ service, error: error.message, cause: error.cause }, 'dead letters cannot be listed');
        unavailable.push(service);
        return { items: [], nextCursor: null };
      }),
    ),
  );
  const letters = pages.flatMap(({ items }) => items).sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
  const items = letters.slice(0, query.limit);
  const more = letters.length > items.length || pages.some(({ nextCursor }) => nextCursor !== null);
  return {
    items,
    // It says a time and an id, so it means the same place to every service.
    nextCursor: more ? encodeCursor(keyOf(items.at(-1)!)) : null,
    unavailable: unavailable.sort(),
  };
}
