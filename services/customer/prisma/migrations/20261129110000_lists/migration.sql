-- How a name or an address begins, in lower case by Unicode in whatever locale the database has. In the order of bytes, so
-- that a beginning is a range.
CREATE INDEX IF NOT EXISTS customers_by_name ON customers (lower(name COLLATE "und-x-icu") COLLATE "C");
CREATE INDEX IF NOT EXISTS customers_by_email ON customers (lower(email COLLATE "und-x-icu") COLLATE "C");
