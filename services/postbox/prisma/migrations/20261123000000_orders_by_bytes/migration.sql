-- In the order of bytes, whatever locale the database has: references that are ids are walked as ids sort.
ALTER TABLE messages ALTER COLUMN order_id TYPE text COLLATE "C";
