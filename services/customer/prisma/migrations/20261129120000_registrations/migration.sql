-- When the owner of the account has shown that the address is theirs. Whoever registered before this was asked for is
-- asked now: they reset their password by mail. Sellers, admins and demo accounts are made by those who know them.
ALTER TABLE accounts ADD COLUMN email_verified_at timestamptz;
UPDATE accounts SET email_verified_at = created_at WHERE role <> 'customer' OR demo;

-- Who wants an account and has not shown yet that the address is theirs. An address may have several of them: the one
-- whose code and password come back becomes the account, by the same id. Known addresses have them too, so that a
-- registration takes as long and counts as much whether or not the address is known.
CREATE TABLE registrations (
  id            uuid PRIMARY KEY,
  email         text NOT NULL CHECK (email = lower(email)),
  name          text NOT NULL,
  phone         text,
  password_hash text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz NOT NULL
);
CREATE INDEX registrations_email_idx ON registrations (email);
CREATE INDEX registrations_expires_at_idx ON registrations (expires_at);
