-- The orders that a drill places itself. A row is there before its order is asked for, so that after a restart the
-- same key is asked again. `order_id` without `accepted_at`: refused to the client, and found to exist later.
CREATE TABLE drill_orders (
  drill_id    uuid NOT NULL,
  n           integer NOT NULL,
  key         text NOT NULL,
  asked_at    timestamptz NOT NULL,
  tries       integer NOT NULL DEFAULT 0,
  order_id    uuid,
  accepted_at timestamptz,
  refused_at  timestamptz,
  refusal     text,
  status      text,
  ended_at    timestamptz,
  PRIMARY KEY (drill_id, n)
);
