-- Whose a payment method is: the first customer's who made it or paid with it. Test cards, which are everybody's, are not in it.
CREATE TABLE payment_methods (
  id          text PRIMARY KEY,
  customer_id uuid NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- Those that were paid with before owners were kept.
INSERT INTO payment_methods (id, customer_id, created_at)
SELECT DISTINCT ON (payment_method) payment_method, customer_id, created_at FROM payments
WHERE starts_with(payment_method, 'pm_') AND NOT starts_with(payment_method, 'pm_card_') AND customer_id IS NOT NULL
ORDER BY payment_method, created_at, id;
