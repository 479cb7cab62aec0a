-- What lists of orders are searched by stands with the items, because their rows never change: a move of an order
-- then writes nothing to the index. There is none on the status for the same reason: every move would write to each
-- index of `orders`, a quarter of what an order costs here. Lists are walked newest first, and orders that wait for
-- somebody are among the newest.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE order_items ADD COLUMN search text NOT NULL DEFAULT '';
UPDATE order_items SET search = lower(concat_ws(E'\n', order_items.name, sku,
  CASE line WHEN 1 THEN concat_ws(E'\n', reference, customer_name, customer_email) END))
FROM orders WHERE orders.id = order_id;

-- A short list of pending entries: whoever fills it up empties it, and a buyer waits for that.
CREATE INDEX order_items_search_idx ON order_items USING gin (search gin_trgm_ops)
  WITH (gin_pending_list_limit = 256);

-- Orders lie in the order in which they were placed: a range of that is a range of pages.
CREATE INDEX orders_placed_at_idx ON orders USING brin (placed_at) WITH (autosummarize = on);
