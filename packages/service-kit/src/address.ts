import type { RequestHandler } from 'express';
import { ProblemError } from './problem.ts';

/**
 * Refuses addresses that are not percent-encoded UTF-8. Left alone, such bytes of a query become U+FFFD. Bytes that are
 * not encoded at all never come here: Node's parser refuses them.
 */
export const refuseBadAddress: RequestHandler = ({ url }, _res, next) => {
  if (!isEncodedUtf8(url)) {
    throw new ProblemError('invalid_request', 'The address is not a valid URL: percent-encode it as UTF-8.');
  }
  next();
};

function isEncodedUtf8(url: string): boolean {
  if (!url.includes('%')) return true;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
