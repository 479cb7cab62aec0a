import { type Envelope, envelope } from '@orderflow/contracts/envelope';
import { readEvent, UnreadableEvent } from '@orderflow/contracts/events';
import { z } from 'zod';
import { isKeeper, type Subscriber, wants } from './handlers.ts';

/**
 * Reads an entry of a stream for a subscriber, at its `attempt`-th try.
 * Gives `undefined` when its type is not one the subscriber lists; throws `UnreadableEvent`.
 */
export function readFor(subscriber: Subscriber, body: string, attempt: number): Envelope | undefined {
  if (isKeeper(subscriber)) return readEnvelope(body);
  const event = readEvent(body, (type) => wants(subscriber, type));
  return event && { ...event, attempt };
}

/** Returns the type of an event. Throws `UnreadableEvent`. */
export const typeOf = (body: string): string => readEnvelope(body).type;

function readEnvelope(body: string): Envelope {
  const parsed = envelope.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new UnreadableEvent(`not an envelope: ${z.prettifyError(parsed.error)}`);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnreadableEvent('not JSON');
  }
}
