import { z } from 'zod';
import { line } from '../text.ts';

export const idParams = z.object({ id: z.uuid() });
export const orderParams = z.object({ id: z.uuid().meta({ description: 'The order' }) });

/** Everybody with a token. Who of them may touch which thing, the service says. */
export const everybody = ['customer', 'seller', 'admin', 'service'] as const;
export const buyers = ['customer', 'admin', 'service'] as const;
export const sellers = ['seller', 'admin', 'service'] as const;
export const operators = ['admin', 'service'] as const;
export const anybody = ['public'] as const;

export const ifNoneMatch = z.object({
  'If-None-Match': z.string().optional().meta({
    description: 'The ETag of an earlier answer: while nothing has changed since, the answer is 304',
  }),
});

/** For what answers with an ETag; it takes `ifNoneMatch`. */
export const notModified = {
  status: 304,
  when: 'It is still what the ETag in `If-None-Match` stands for',
} as const;

export const ifMatch = z.object({
  'If-Match': z
    .string()
    .optional()
    .meta({ description: 'The ETag of the order as it was seen: a move is refused if it has changed since' }),
});

/** By the link of a mail a guest comes to their order without a token. */
export const orderLink = z.object({
  access: line(500).optional().meta({
    description: 'From the link in a mail about a guest’s order, instead of a token; good for 90 days',
  }),
});
export const orWithLink = ['public', ...everybody] as const;
