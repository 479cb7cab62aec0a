ALTER TABLE payments
  -- Why the provider refuses the charge or the refund for good: a person decides, and nobody asks again until then.
  ADD COLUMN blocked jsonb,
  -- How a person has decided, in words of the API.
  ADD COLUMN resolution text,
  -- What was done by hand at the provider: what went back so far, and a dispute.
  ADD COLUMN outside jsonb;

-- What is blocked is not due. Existing rows fulfil this: nothing is blocked yet.
ALTER TABLE payments DROP CONSTRAINT payments_check1;
ALTER TABLE payments ADD CONSTRAINT payments_due_check CHECK (
  (status IN ('CHARGING', 'REFUNDING') AND blocked IS NULL) = (next_attempt_at IS NOT NULL)) NOT VALID;
