-- What the ledger says about an order. Movements of stock without an order are not looked for this way.
CREATE INDEX movements_order_id_idx ON movements (order_id) WHERE order_id IS NOT NULL;

-- With what a sum needs, so that summing reads the index alone. Lists of a product's movements go by it as before.
DROP INDEX movements_product_id_id_idx;
CREATE INDEX movements_product_id_id_idx ON movements (product_id, id) INCLUDE (kind, quantity);

-- What orders hold now, however many there have been. Whoever leaves HELD leaves this index too.
CREATE INDEX reservations_held ON reservations (order_id) WHERE status = 'HELD';

-- What the movements of a product come to, up to one of them: the ledger is summed from there on. Made again from the
-- movements whenever it is missing.
CREATE TABLE movement_sums (
  product_id uuid PRIMARY KEY,
  -- Every movement with a lower id is in it, and no other.
  before     uuid NOT NULL,
  received   bigint NOT NULL,
  reserved   bigint NOT NULL,
  shipped    bigint NOT NULL
);
