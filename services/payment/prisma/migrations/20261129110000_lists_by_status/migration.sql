-- A list of payments by status walked all of them, newest first. Captured ones are among the newest whenever they are looked
-- for: every order makes one, and none of them is written to these.
CREATE INDEX IF NOT EXISTS payments_status_id_idx ON payments (status, id) WHERE status <> 'CAPTURED';
CREATE INDEX IF NOT EXISTS payments_seller_id_status_id_idx ON payments (seller_id, status, id) WHERE status <> 'CAPTURED';
