-- Whether the order is a guest's, whose mails carry a link to it. Null for orders from before: their mails carry none.
ALTER TABLE recipients ADD COLUMN guest boolean;
