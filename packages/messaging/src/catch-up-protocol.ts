import { z } from 'zod';
import type { Publication } from './stream.ts';

/** What a group asks of a producer: the next page of its outbox, of one type or of all (`*`), after a position. */
export const catchUpRequest = z.object({
  id: z.uuid(),
  group: z.string(),
  type: z.string(),
  after: z.int(),
  /** The cut that the group has written down: the producer forgets it. */
  cutId: z.uuid().nullable(),
});
export type CatchUpRequest = z.infer<typeof catchUpRequest>;

/** A page of an outbox. `after` is the position that it reaches; with `end` there was nothing behind it. */
export type CatchUpPage = { after: number; end: boolean; rows: Publication[] };

/** The hash in which groups ask, one field for each group and type: what is asked again replaces what was asked. */
export const requestsKey = (stream: string): string => `${stream}:catch-up`;

export const requestField = ({ group, type }: Pick<CatchUpRequest, 'group' | 'type'>) => `${group}/${type}`;

/** Where the answer to a request is put, for no one else to take. */
export const answerKey = (stream: string, id: string): string => `${stream}:catch-up:${id}`;
