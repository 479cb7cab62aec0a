import type {
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterSelection,
  DeadLettersMoved,
  DeadLetterView,
  ListDeadLettersQuery,
} from '@orderflow/contracts/http/dead-letters';
import { withoutPaymentMethods } from '@orderflow/contracts/payment-methods';
import { storableTime } from '@orderflow/contracts/time';
import type { Database } from '@orderflow/service-kit/database';
import { decodeCursor } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import { z } from 'zod';
import { type DeadLetter, discard, getDeadLetter, listDeadLetters, redriveMany } from './dead-letters.ts';

/** The dead letters of one consumer group as people see and treat them. */
export const deadLettersOf = ({ db, group }: { db: Database; group: string }) => ({
  async list({ cursor, ...query }: ListDeadLettersQuery): Promise<DeadLetterPage> {
    const before = cursor === undefined ? undefined : positionIn(cursor);
    const rows = await listDeadLetters(db, { ...query, group, before, limit: query.limit + 1 });
    return toPage(rows, query, toView, keyOf);
  },

  /** Throws `not_found`. */
  async get(id: string): Promise<DeadLetterDetail> {
    const letter = await getDeadLetter(db, { group, id });
    if (letter) {
      const [error, body] = [letter.error, letter.body].map(withoutPaymentMethods) as [string, string];
      return { ...toView(letter), error, body };
    }
    throw new ProblemError(
      'not_found',
      `${group} has no dead letter ${id}. It may have been redriven: look for its event in the timeline.`,
    );
  },

  async redrive(selection: DeadLetterSelection): Promise<DeadLettersMoved> {
    return moved(selection, await redriveMany(db, { group, selection }));
  },

  async discard({ ids, reason, by }: { ids: string[]; reason: string; by: string }) {
    return moved({ ids }, await discard(db, { group, ids, reason, by }));
  },
});

export type DeadLetters = ReturnType<typeof deadLettersOf>;

/** What a list is sorted by, newest first, over all services: `2026-01-02T03:04:05.678901Z ID`. */
export const keyOf = ({ diedAt, id }: Pick<DeadLetter, 'diedAt' | 'id'>): string => `${diedAt} ${id}`;

const position = z
  .string()
  .transform((key) => key.split(' '))
  .pipe(z.tuple([storableTime, z.uuid()]));

/** The letter after which a page begins. Throws `invalid_request` on a cursor that was made up. */
export function positionIn(cursor: string): { diedAt: string; id: string } {
  const [diedAt, id] = decodeCursor(position, cursor);
  return { diedAt, id };
}

const moved = (selection: DeadLetterSelection, done: string[]): DeadLettersMoved => {
  const found = new Set(done);
  return {
    count: done.length,
    missing: 'ids' in selection ? selection.ids.filter((id) => !found.has(id)) : [],
  };
};

const toView = (row: DeadLetter): DeadLetterView => ({
  id: row.id,
  service: row.group,
  key: row.key,
  ...toldBy(row.body),
  stream: row.stream,
  entryId: row.entryId,
  reason: row.reason,
  error: withoutPaymentMethods(row.error.split('\n', 1)[0]!),
  attempts: row.attempts,
  diedAt: row.diedAt,
  discarded: row.discardedAt && {
    reason: row.discardReason!,
    by: row.discardedBy!,
    at: row.discardedAt.toISOString(),
  },
});

const telling = z.object({
  type: z.string().nullable().catch(null),
  orderid: z.uuid().nullable().catch(null),
});

/** As much as a body says of its event; being unreadable is what some died of. */
function toldBy(body: string): { type: string | null; orderId: string | null } {
  try {
    const { type, orderid } = telling.parse(JSON.parse(body));
    return { type, orderId: orderid };
  } catch {
    return { type: null, orderId: null };
  }
}
