-- Whose order it is, kept with the contact. Null for orders from before: their messages only admins see.
ALTER TABLE recipients ADD COLUMN customer_id uuid;
CREATE INDEX recipients_customer_id_idx ON recipients (customer_id);
