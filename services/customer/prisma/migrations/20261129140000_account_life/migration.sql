-- An account that an admin has disabled, and the number of the last event about an account.
ALTER TABLE accounts
  ADD COLUMN disabled_at timestamptz,
  ADD COLUMN disabled_reason text,
  ADD COLUMN sequence integer NOT NULL DEFAULT 0;

-- Sessions that were ended lately: their access tokens are refused although they have not expired.
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- Who asks for a new password. Unknown addresses have rows too, so that asking takes as long and counts as much.
CREATE TABLE password_resets (
  id         uuid PRIMARY KEY,
  email      text NOT NULL CHECK (email = lower(email)),
  account_id uuid REFERENCES accounts (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_email_idx ON password_resets (email);
CREATE INDEX password_resets_account_id_idx ON password_resets (account_id);
CREATE INDEX password_resets_expires_at_idx ON password_resets (expires_at);
