-- In the order of bytes, whatever locale the database has: references that are ids are walked as ids sort.
ALTER TABLE ledger ALTER COLUMN reference TYPE text COLLATE "C";
