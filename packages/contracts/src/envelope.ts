import { z } from 'zod';

/**
 * What every event carries, by the names of CloudEvents 1.0 (https://cloudevents.io) and lower-case
 * extension attributes as that specification wants them.
 */
export const envelope = z.object({
  specversion: z.literal('1.0'),
  /** UUIDv7. It is the idempotency key: consumers do an event's work once per id. */
  id: z.uuid(),
  /** `order.placed`; see `events.ts` for all of them. */
  type: z.string().min(1),
  /** The service that says so. */
  source: z.string().min(1),
  /** The id of the aggregate that changed. */
  subject: z.string().min(1),
  time: z.iso.datetime(),
  /** `urn:orderflow:TYPE:VERSION`. A consumer refuses versions it does not know. */
  dataschema: z.string(),
  /** 1, 2, 3 … for each subject of a source, in the order of its commits, without holes. */
  sequence: z.int().min(1),
  /** The same for everything that follows from one request: the thread through logs and timelines. */
  correlationid: z.string().min(1),
  /** The event that led to this one; absent when a person or a clock did. */
  causationid: z.uuid().optional(),
  /** The order whose saga this is part of. */
  orderid: z.uuid().optional(),
  /** Who did it: `customer:…`, `seller:…`, `guest`, or `system:SERVICE`. */
  actor: z.string().min(1),
  /** At which attempt of handling the causing event this came about; 1 when nothing went wrong. */
  attempt: z.int().min(1),
  /** W3C trace context. */
  traceparent: z.string().optional(),
  data: z.unknown(),
});
export type Envelope = z.infer<typeof envelope>;

export const schemaUrn = (type: string, version: number) => `urn:orderflow:${type}:${version}`;
