-- How the customer of an order is reached. `contact` is null until order.placed was heard of: the row is then the
-- lock that order's messages wait behind.
CREATE TABLE recipients (
  order_id uuid PRIMARY KEY,
  contact  jsonb
);

CREATE TABLE messages (
  id              uuid PRIMARY KEY,
  event_id        uuid NOT NULL,
  order_id        uuid NOT NULL,
  channel         text NOT NULL CHECK (channel IN ('email', 'sms')),
  template        text NOT NULL,
  data            jsonb,
  recipient       text,
  subject         text,
  body            text,
  status          text NOT NULL CHECK (status IN ('WAITING', 'PENDING', 'SENT', 'FAILED')),
  attempts        integer NOT NULL DEFAULT 0,
  rejections      integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error      text,
  sent_at         timestamptz,
  correlation_id  text NOT NULL,
  traceparent     text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'WAITING') = (recipient IS NULL)),
  CHECK ((status = 'SENT') = (sent_at IS NOT NULL))
);
-- One message for each event and channel, never two.
CREATE UNIQUE INDEX messages_event_id_channel_key ON messages (event_id, channel);
CREATE INDEX messages_order_id_id_idx ON messages (order_id, id);
CREATE INDEX messages_due ON messages (channel, next_attempt_at) WHERE status = 'PENDING';
CREATE INDEX messages_waiting ON messages (order_id) WHERE status = 'WAITING';
CREATE INDEX messages_failed ON messages (id) WHERE status = 'FAILED';
