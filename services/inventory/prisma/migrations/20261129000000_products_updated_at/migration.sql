-- When a product last changed: its event may still be under way to the auditor, which compares the two.
ALTER TABLE products ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
