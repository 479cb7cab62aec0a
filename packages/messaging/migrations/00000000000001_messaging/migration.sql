-- Tables of packages/messaging, in a schema of their own so that Prisma's view of a service's own tables stays whole.
CREATE SCHEMA messaging;

-- Events to publish, written in the transaction of the change they tell of. Published rows stay at least 7 days:
-- when Redis is lost they are published again.
CREATE TABLE messaging.outbox (
  position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id     uuid NOT NULL,
  type         text NOT NULL,
  subject      text NOT NULL,
  envelope     json NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz
);
CREATE INDEX outbox_unpublished ON messaging.outbox (position) WHERE published_at IS NULL;
CREATE INDEX outbox_created_at ON messaging.outbox USING brin (created_at);

-- The relay's lease (one replica publishes at a time) and how far the stream had come.
CREATE TABLE messaging.relay (
  stream        text PRIMARY KEY,
  holder        text,
  lease_until   timestamptz NOT NULL DEFAULT '-infinity',
  last_entry_id text NOT NULL DEFAULT '0-0',
  -- Everything published before this moment was acknowledged by every consumer group.
  safe_at       timestamptz NOT NULL DEFAULT '-infinity',
  replays       integer NOT NULL DEFAULT 0
);

-- Events whose effect is done. A row is written first in the transaction of that effect.
CREATE TABLE messaging.inbox (
  consumer_group text NOT NULL,
  event_id       uuid NOT NULL,
  handled_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, event_id)
);
CREATE INDEX inbox_handled_at ON messaging.inbox USING brin (handled_at);

-- Events taken over from Redis to be tried again, one by one. `key` is the event id, or stream/entry when it has none.
-- Begun and ended attempts are counted apart: an attempt that never ended killed its process.
CREATE TABLE messaging.retry (
  consumer_group  text NOT NULL,
  key             text NOT NULL,
  stream          text NOT NULL,
  entry_id        text NOT NULL,
  body            text NOT NULL,
  begun           integer NOT NULL DEFAULT 0,
  ended           integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error      text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, key)
);
CREATE INDEX retry_due ON messaging.retry (consumer_group, next_attempt_at);

-- Events given up on, until somebody redrives or discards them.
CREATE TABLE messaging.dead_letter (
  id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  consumer_group text NOT NULL,
  key            text NOT NULL,
  stream         text NOT NULL,
  entry_id       text NOT NULL,
  body           text NOT NULL,
  reason         text NOT NULL CHECK (reason IN ('unreadable', 'failed', 'killed_consumer')),
  error          text NOT NULL,
  attempts       integer NOT NULL,
  died_at        timestamptz NOT NULL DEFAULT now(),
  UNIQUE (consumer_group, key)
);
