import express, { type RequestHandler } from 'express';
import { ProblemError } from './problem.ts';

/** Levels of objects and arrays in a body; the deepest that the API knows, a drill, has six. */
const MAX_DEPTH = 32;

/**
 * Reads the JSON body of a request into `req.body`, an object or an array: at most `limit` bytes, also after it is
 * unpacked. Refuses text that is not UTF-8, which other parsers change into U+FFFD, and nesting so deep that code which
 * walks the value runs out of stack.
 */
export const readJson = (limit: number): RequestHandler[] => [
  refuseOtherCharsets,
  express.raw({ type: 'application/json', limit }),
  parseJson,
];

/** RFC 8259, 8.1: JSON is UTF-8. Many clients write it `utf8`. */
const refuseOtherCharsets: RequestHandler = (req, _res, next) => {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(req.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && req.is('json') && !/^utf-?8$/i.test(charset)) {
    throw new ProblemError('unsupported_media_type', `Send the body as UTF-8 JSON, not as ${charset}.`);
  }
  next();
};

const parseJson: RequestHandler = (req, _res, next) => {
  if (Buffer.isBuffer(req.body)) req.body = parse(req.body);
  next();
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  const value = parsed(textOf(bytes));
  if (typeof value !== 'object' || value === null) throw refused('The body is not a JSON object.');
  if (isDeeper(value, MAX_DEPTH)) {
    throw refused(`The body has more than ${MAX_DEPTH} levels of objects and arrays; send a flatter one.`);
  }
  return value;
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw refused('The body is not valid UTF-8; encode it as UTF-8.');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused('The body is not JSON.');
  }
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((child) => isDeeper(child, levels - 1)));

const refused = (detail: string) => new ProblemError('invalid_request', detail);
