import { createHash } from 'node:crypto';
import { z } from 'zod';

const identified = z.object({ id: z.uuid().lowercase() });

/**
 * Returns the id of the event in a body, also when the rest of it cannot be read. For a body without one it is a UUID
 * of version 8 made from the body: the same event has the same id wherever it stands in a stream.
 */
export function eventIdOf(body: string): string {
  try {
    return identified.parse(JSON.parse(body)).id;
  } catch {
    return hashOf(body);
  }
}

function hashOf(body: string): string {
  const hex = createHash('sha256').update(body).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
