-- Whose each order is, as its `order.placed` tells (null until that is here), and how many numbers its events have
-- used up. Numbers are given under the lock of this row: who sees one has every lower one, for good.
CREATE TABLE orders (
  order_id    uuid PRIMARY KEY,
  customer_id uuid,
  seller_id   text,
  recorded    integer NOT NULL
);

ALTER TABLE events ADD COLUMN position integer;
-- Whether a person, or the internal token, did it; what a service does of itself is `system:SERVICE`.
ALTER TABLE events ADD COLUMN by_person boolean GENERATED ALWAYS AS (actor NOT LIKE 'system:%') STORED;

UPDATE events SET position = numbered.position
FROM (
  SELECT event_id, row_number() OVER (PARTITION BY order_id ORDER BY recorded_at, time, event_id) AS position
  FROM events WHERE order_id IS NOT NULL
) AS numbered
WHERE events.event_id = numbered.event_id;

-- Nobody has checked the data of what was kept: an order whose `order.placed` says nothing useful is nobody's.
INSERT INTO orders (order_id, customer_id, seller_id, recorded)
SELECT order_id,
  (min(data #>> '{customer,id}') FILTER (WHERE type = 'order.placed' AND source = 'order'
    AND data #>> '{customer,id}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'))::uuid,
  min(data ->> 'sellerId') FILTER (WHERE type = 'order.placed' AND source = 'order'),
  max(position)
FROM events WHERE order_id IS NOT NULL GROUP BY order_id;

CREATE UNIQUE INDEX events_order_id_position_key ON events (order_id, position) WHERE order_id IS NOT NULL;
DROP INDEX events_order_id_time_idx;
CREATE INDEX events_by_person_idx ON events (event_id) WHERE by_person;
CREATE INDEX events_actor_idx ON events (actor, event_id) WHERE by_person;

-- What people did that no event tells of. A line is written before the deed; `result` stays null when nobody knows
-- how it ended.
CREATE TABLE audit_log (
  id             uuid PRIMARY KEY,
  time           timestamptz NOT NULL,
  actor          text NOT NULL,
  type           text NOT NULL,
  service        text NOT NULL,
  correlation_id text NOT NULL,
  reason         text,
  target         jsonb NOT NULL,
  result         jsonb
);
