-- Events given up on for good: what a person decided about a dead letter is kept, never deleted.
CREATE TABLE messaging.discarded_letter (
  id             uuid PRIMARY KEY,
  consumer_group text NOT NULL,
  key            text NOT NULL,
  stream         text NOT NULL,
  entry_id       text NOT NULL,
  body           text NOT NULL,
  reason         text NOT NULL,
  error          text NOT NULL,
  attempts       integer NOT NULL,
  died_at        timestamptz NOT NULL,
  discard_reason text NOT NULL,
  discarded_by   text NOT NULL,
  discarded_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX discarded_letter_died_at ON messaging.discarded_letter (died_at, id);
CREATE INDEX dead_letter_died_at ON messaging.dead_letter (died_at, id);
