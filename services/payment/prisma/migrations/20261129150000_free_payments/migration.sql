-- Orders that cost nothing were due until their hold ran out, before they were paid at once without a provider. Those that
-- still are due become what such an order is today: a job for the worker, which asks nobody. An older replica does the same
-- with the row.
UPDATE payments SET status = 'CHARGING', payment_method = 'free', next_attempt_at = now(), updated_at = now()
WHERE status = 'DUE' AND amount = 0;
