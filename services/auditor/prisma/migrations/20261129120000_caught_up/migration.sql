-- An auditor that was there before messaging.catch_up has read its streams; a new one reads what the outboxes have.
INSERT INTO messaging.catch_up (consumer_group, producer, type, done)
SELECT 'auditor', producer, '*', true
FROM unnest(ARRAY['order', 'inventory', 'payment', 'notification', 'customer']) AS producer
WHERE EXISTS (SELECT FROM events)
ON CONFLICT DO NOTHING;
