import type { Request } from 'express';
import { z } from 'zod';
import { ProblemError, parseInput } from './problem.ts';

/** The JSON body, checked. Throws `unsupported_media_type` when there is one that is not JSON. */
export function bodyOf<T extends z.ZodType>(schema: T, req: Request): z.infer<T> {
  if (req.body === undefined && req.get('content-type') && !req.is('json')) {
    throw new ProblemError('unsupported_media_type', 'Set Content-Type: application/json.');
  }
  return parseInput(schema, req.body ?? {}, 'body');
}

/** The query string, checked. */
export const queryOf = <T extends z.ZodType>(schema: T, req: Request): z.infer<T> =>
  parseInput(schema, req.query, 'query string');

const idSchema = z.uuid().toLowerCase();

/** A path parameter that is a UUID, in lower case as Postgres gives it. Anything else cannot exist: `not_found`. */
export function idParam(req: Request, name = 'id'): string {
  const id = idSchema.safeParse(req.params[name]);
  if (!id.success) throw new ProblemError('not_found', `"${req.params[name]}" is not the id of anything.`);
  return id.data;
}

/** An opaque cursor for the rows after `position`. */
export const encodeCursor = (position: string): string => Buffer.from(position).toString('base64url');

/** Back to the position. Throws `invalid_request` on one that was made up. */
export function decodeCursor<T extends z.ZodType>(schema: T, cursor: string): z.infer<T> {
  const position = schema.safeParse(Buffer.from(cursor, 'base64url').toString());
  if (position.success) return position.data;
  throw new ProblemError('invalid_request', 'The cursor is not one of ours; start again without it.');
}
