-- What arrived about no order, such as mails about accounts: the auditor walks it.
CREATE INDEX IF NOT EXISTS messages_about_no_order ON messages (id)
  WHERE (order_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') IS NOT TRUE;
