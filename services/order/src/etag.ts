import { ProblemError } from '@orderflow/service-kit/problem';
import type { Request } from 'express';

/** The entity tags that a move may find, or any. */
export type IfMatch = string[] | 'any';

/** The strong entity tag of an order: its version, which grows with every change. */
export const etagOf = ({ version }: { version: number }): string => `"${version}"`;

/** The `If-Match` of a request, undefined without one. https://www.rfc-editor.org/rfc/rfc9110#name-if-match */
export function ifMatchOf(req: Request): IfMatch | undefined {
  const header = req.get('if-match')?.trim();
  if (header === undefined) return undefined;
  return header === '*' ? 'any' : header.split(',').map((tag) => tag.trim());
}

/** Throws `version_changed` unless one of the tags is of this version. A weak tag never is: RFC 9110, 8.8.3.2. */
export function mustMatch(ifMatch: IfMatch | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch === 'any' || ifMatch.includes(etagOf({ version }))) return;
  throw new ProblemError(
    'version_changed',
    `The order is at version ${version} now: read it again, and decide by what it says.`,
  );
}
