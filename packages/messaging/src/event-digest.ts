/** The attributes of an envelope as columns of `e`, for `json_to_record`. */
export const EVENT_ATTRIBUTES = `id uuid, type text, source text, subject text, sequence integer, orderid uuid,
  correlationid text, causationid uuid, actor text, attempt integer, traceparent text, time timestamptz, data json`;

/**
 * SQL for the digest of an event `e` with these columns. The outbox of its producer and whoever records it compute it
 * alike, so that a page of digests shows whether both hold the same. As jsonb, the data has one text however its keys
 * are ordered and spaced.
 */
export const EVENT_DIGEST = `md5(ROW(e.id, e.type, e.source, e.subject, e.sequence, e.orderid, e.correlationid,
  e.causationid, e.actor, e.attempt, e.traceparent, extract(epoch FROM e.time), e.data::jsonb)::text)`;
