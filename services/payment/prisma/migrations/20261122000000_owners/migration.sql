-- Whose payment it is. Null as long as nothing is owed, and for payments from before: those only admins see.
ALTER TABLE payments ADD COLUMN customer_id uuid, ADD COLUMN seller_id text;
CREATE INDEX payments_customer_id_id_idx ON payments (customer_id, id);
CREATE INDEX payments_seller_id_id_idx ON payments (seller_id, id);
