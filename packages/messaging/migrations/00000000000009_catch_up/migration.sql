-- The types of events that the newest version of a consumer group wants, '*' for all of a producer, and how far the group
-- has come in reading them from the producer's outbox. A row is open while something may be missing.
CREATE TABLE messaging.catch_up (
  consumer_group text NOT NULL,
  producer       text NOT NULL,
  type           text NOT NULL,
  -- Everything up to this position of the outbox was read.
  after_position bigint NOT NULL DEFAULT 0,
  done           boolean NOT NULL DEFAULT false,
  -- Grows each time that the row is opened again, so that a page read before that does not close it.
  opened         integer NOT NULL DEFAULT 1,
  -- The cut that the row answers to, see messaging.cut_loose of the producer.
  cut_id         uuid,
  claimed_until  timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (consumer_group, producer, type)
);

-- Consumer groups whose unread entries the relay has trimmed away, and from which position of the outbox on they have still
-- to read. Deleted when they have.
CREATE TABLE messaging.cut_loose (
  stream         text NOT NULL,
  consumer_group text NOT NULL,
  cut_id         uuid NOT NULL,
  from_position  bigint NOT NULL,
  cut_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, consumer_group)
);
