-- A list of what was withdrawn, or of what was not when most was, walked all products, newest first.
CREATE INDEX IF NOT EXISTS products_active_id_idx ON products (active, id);
