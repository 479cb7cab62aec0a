-- What is known of the device of a session: the hash of its token, by which it is known when it logs in again; what it
-- calls itself; and when it was last seen.
ALTER TABLE sessions ADD COLUMN device text, ADD COLUMN user_agent text, ADD COLUMN used_at timestamptz;

-- By address and by where the attempts come from, whether or not somebody has an account with the address: the answer must
-- not tell. `source` is a device, a network address, or all strangers together. Takes the place of login_failures, which
-- the release before still writes.
CREATE TABLE login_throttles (
  email         text NOT NULL,
  source        text NOT NULL,
  failures      integer NOT NULL,
  blocked_until timestamptz NOT NULL,
  failed_at     timestamptz NOT NULL,
  PRIMARY KEY (email, source)
);
CREATE INDEX login_throttles_failed_at_idx ON login_throttles (failed_at);
