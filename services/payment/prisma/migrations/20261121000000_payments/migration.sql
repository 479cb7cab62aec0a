-- One row an order. While it is CHARGING or REFUNDING the row is also the job to ask the provider.
CREATE TABLE payments (
  id                 uuid PRIMARY KEY,
  order_id           uuid NOT NULL,
  -- NONE: only the order's cancellation is known so far; the mark refuses what may still come.
  status             text NOT NULL CHECK (status IN
    ('NONE', 'DUE', 'CHARGING', 'CAPTURED', 'DECLINED', 'VOIDED', 'REFUNDING', 'REFUNDED')),
  amount             bigint CHECK (amount >= 0),
  currency           text,
  payment_method     text,
  provider_reference text,
  refund_reference   text,
  decline_code       text,
  -- What led to the charge, and to the cancellation of the order: its id, correlation, actor.
  cause              jsonb,
  cancel_cause       jsonb,
  -- Calls begun for the present job, and when it is due; a call under way holds it as a lease.
  attempts           integer NOT NULL,
  first_attempt_at   timestamptz,
  next_attempt_at    timestamptz,
  sequence           integer NOT NULL,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  CHECK (CASE WHEN status = 'NONE' THEN amount IS NULL AND cancel_cause IS NOT NULL
    ELSE amount IS NOT NULL AND currency IS NOT NULL AND cause IS NOT NULL END),
  CHECK ((status IN ('CHARGING', 'REFUNDING')) = (next_attempt_at IS NOT NULL)),
  CHECK (status <> 'CHARGING' OR payment_method IS NOT NULL),
  CHECK ((status IN ('CAPTURED', 'REFUNDING', 'REFUNDED')) = (provider_reference IS NOT NULL)),
  CHECK ((status = 'REFUNDED') = (refund_reference IS NOT NULL)),
  CHECK ((status = 'DECLINED') = (decline_code IS NOT NULL))
);
CREATE UNIQUE INDEX payments_order_id_key ON payments (order_id);
CREATE INDEX payments_next_attempt_at_idx ON payments (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
