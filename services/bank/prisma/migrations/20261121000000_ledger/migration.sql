CREATE TABLE payment_methods (
  id           text PRIMARY KEY,
  brand        text NOT NULL,
  last4        text NOT NULL,
  -- What charging it comes to: NULL succeeds.
  decline_code text,
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- Those that exist without being made, for tests and demos.
INSERT INTO payment_methods (id, brand, last4, decline_code) VALUES
  ('pm_card_visa', 'visa', '4242', NULL),
  ('pm_card_mastercard', 'mastercard', '4444', NULL),
  ('pm_card_chargeDeclined', 'visa', '0002', 'card_declined'),
  ('pm_card_chargeDeclinedInsufficientFunds', 'visa', '9995', 'insufficient_funds');

-- What was really charged and refunded. A row is also the stored answer to its idempotency key.
CREATE TABLE ledger (
  position        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind            text NOT NULL CHECK (kind IN ('charge', 'refund')),
  idempotency_key text NOT NULL,
  status          text NOT NULL CHECK (status IN ('succeeded', 'declined')),
  decline_code    text,
  amount          bigint NOT NULL CHECK (amount >= 0),
  currency        text NOT NULL,
  -- No foreign key: methods are never deleted, and every charge of a popular one would lock its row.
  payment_method  text,
  charge          bigint REFERENCES ledger (position),
  refunded        bigint NOT NULL DEFAULT 0,
  reference       text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'declined') = (decline_code IS NOT NULL)),
  CHECK ((kind = 'charge') = (payment_method IS NOT NULL)),
  CHECK ((kind = 'refund') = (charge IS NOT NULL)),
  CONSTRAINT ledger_refunded_within_charge CHECK (refunded BETWEEN 0 AND amount)
);
CREATE UNIQUE INDEX ledger_idempotency_key_key ON ledger (idempotency_key);
CREATE INDEX ledger_reference_idx ON ledger (reference);
