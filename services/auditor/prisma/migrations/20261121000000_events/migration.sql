-- Every event of every stream. The primary key makes recording idempotent: this table is the auditor's inbox.
CREATE TABLE events (
  event_id       uuid PRIMARY KEY,
  type           text NOT NULL,
  source         text NOT NULL,
  subject        text NOT NULL,
  sequence       integer NOT NULL,
  order_id       uuid,
  correlation_id text NOT NULL,
  causation_id   uuid,
  actor          text NOT NULL,
  attempt        integer NOT NULL,
  traceparent    text,
  time           timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL DEFAULT now(),
  data           jsonb
);
-- Few indexes: thousands of rows a second come in, and few are looked at.
CREATE INDEX events_order_id_time_idx ON events (order_id, time) WHERE order_id IS NOT NULL;
CREATE INDEX events_correlation_id_idx ON events (correlation_id);
