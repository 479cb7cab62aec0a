CREATE TABLE accounts (
  id            uuid PRIMARY KEY,
  role          text NOT NULL CHECK (role IN ('customer', 'seller', 'admin')),
  email         text NOT NULL CHECK (email = lower(email)),
  name          text NOT NULL,
  password_hash text NOT NULL,
  customer_id   uuid REFERENCES customers (id),
  seller_id     text,
  demo          boolean NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL DEFAULT now(),
  CHECK ((role = 'customer') = (customer_id IS NOT NULL)),
  CHECK ((role = 'seller') = (seller_id IS NOT NULL))
);
CREATE UNIQUE INDEX accounts_email_key ON accounts (email);
CREATE UNIQUE INDEX accounts_customer_id_key ON accounts (customer_id);

-- A session begins with a login, and is the family of its refresh tokens: revoked, none of them is good any more.
CREATE TABLE sessions (
  id         uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_account_id_idx ON sessions (account_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- Only hashes are kept. A used token stays as long as its session, so that a second use is noticed.
CREATE TABLE refresh_tokens (
  hash       text PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at    timestamptz
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

CREATE TABLE signing_keys (
  kid         text PRIMARY KEY,
  private_jwk jsonb NOT NULL,
  public_jwk  jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- When its last token is over; unknown until a newer key follows it.
  retires_at  timestamptz
);

-- By address, whether or not somebody has an account with it: the answer must not tell.
CREATE TABLE login_failures (
  email         text PRIMARY KEY,
  failures      integer NOT NULL,
  blocked_until timestamptz NOT NULL,
  failed_at     timestamptz NOT NULL
);
CREATE INDEX login_failures_failed_at_idx ON login_failures (failed_at);
