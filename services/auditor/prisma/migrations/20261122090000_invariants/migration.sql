-- When an order is to be held against the invariants; null when it rests until there is news of it. Set by the
-- transaction that records the news, so that no order of commits can hide one.
ALTER TABLE orders ADD COLUMN look_at timestamptz;
CREATE INDEX orders_look_at_idx ON orders (look_at) WHERE look_at IS NOT NULL;

-- Sequences of subjects that are no orders: products, customers. Those of orders are found by their orders.
CREATE INDEX events_loose_subject_idx ON events (source, subject) WHERE order_id IS NULL;
CREATE INDEX events_loose_recorded_idx ON events (recorded_at) WHERE order_id IS NULL AND sequence > 1;

-- What was ever found wrong. A row lasts until a later look at the same subject finds nothing.
CREATE TABLE violations (
  id        uuid PRIMARY KEY,
  invariant text NOT NULL,
  subject   text NOT NULL,
  order_id  uuid,
  detail    text NOT NULL,
  rows      jsonb NOT NULL,
  began_at  timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  ended_at  timestamptz
);
CREATE UNIQUE INDEX violations_open_idx ON violations (subject, invariant) WHERE ended_at IS NULL;
CREATE INDEX violations_invariant_id_idx ON violations (invariant, id);
CREATE INDEX violations_order_id_idx ON violations (order_id) WHERE order_id IS NOT NULL;

-- What the last round made of each invariant.
CREATE TABLE invariant_status (
  name       text PRIMARY KEY,
  status     text NOT NULL CHECK (status IN ('holds', 'broken', 'unknown')),
  reason     text,
  since      timestamptz NOT NULL,
  checked_at timestamptz
);

-- The one row of the continuous check: whose turn it is, how far it is, and how the last round went.
CREATE TABLE invariant_progress (
  id             boolean PRIMARY KEY DEFAULT true CHECK (id),
  holder         text,
  lease_until    timestamptz NOT NULL DEFAULT '-infinity',
  cursors        jsonb NOT NULL DEFAULT '{}',
  orders_checked bigint NOT NULL DEFAULT 0,
  swept_at       timestamptz,
  round_ended_at timestamptz,
  round_seconds  double precision NOT NULL DEFAULT 0
);
INSERT INTO invariant_progress DEFAULT VALUES;
