-- Mails about accounts, which belong to no order. Their words are written when they are sent: the code in a mail is
-- nowhere in the database.
CREATE TABLE account_mails (
  id              uuid PRIMARY KEY,
  event_id        uuid NOT NULL UNIQUE,
  template        text NOT NULL,
  recipient       text NOT NULL,
  ticket          uuid,
  -- Nobody needs the mail after that.
  expires_at      timestamptz,
  status          text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'SENT', 'FAILED')),
  attempts        integer NOT NULL DEFAULT 0,
  rejections      integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error      text,
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX account_mails_due ON account_mails (next_attempt_at) WHERE status = 'PENDING';
CREATE INDEX account_mails_created_at_idx ON account_mails (created_at);
