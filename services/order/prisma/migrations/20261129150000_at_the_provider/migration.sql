ALTER TABLE orders
  -- What went back by hand at the payment provider, in all, and what became of a dispute there.
  ADD COLUMN refunded_at_provider bigint NOT NULL DEFAULT 0,
  ADD COLUMN dispute text,
  -- Of the event that said so: an older one that comes late changes nothing.
  ADD COLUMN provider_sequence integer NOT NULL DEFAULT 0;
