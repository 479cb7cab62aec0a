-- What moved with a reference that is no order's id. There should be none, so this index is empty and costs nothing.
CREATE INDEX ledger_strays ON ledger (position)
  WHERE status = 'succeeded' AND reference !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
