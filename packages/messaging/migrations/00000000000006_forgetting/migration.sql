-- Old rows are found by the primary keys of outbox and inbox, which grow with time. A brin index was of no use for that:
-- once space was used again, each range of pages has old rows and new ones, and Postgres read the whole table instead.
DROP INDEX IF EXISTS messaging.outbox_created_at;
DROP INDEX IF EXISTS messaging.inbox_handled_at;
DROP INDEX IF EXISTS messaging.idempotency_key_created_at;
-- The key of this table does not grow with time.
CREATE INDEX IF NOT EXISTS idempotency_key_age ON messaging.idempotency_key (created_at);

-- Each row of an outbox is written, marked as published and deleted: vacuum reclaims that space before a fifth of a large
-- table is dead, and it is used again.
ALTER TABLE messaging.outbox SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);
ALTER TABLE messaging.inbox SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);
