-- What arrived at mailboxes and phones. A repeated delivery of a message is counted, not kept twice.
CREATE TABLE messages (
  id          uuid PRIMARY KEY,
  channel     text NOT NULL CHECK (channel IN ('email', 'sms')),
  message_id  text NOT NULL,
  recipient   text NOT NULL,
  sender      text NOT NULL,
  subject     text NOT NULL,
  text        text NOT NULL,
  order_id    text,
  deliveries  integer NOT NULL CHECK (deliveries > 0),
  received_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX messages_channel_message_id_recipient_key ON messages (channel, message_id, recipient);
CREATE INDEX messages_recipient_id_idx ON messages (recipient, id);
CREATE INDEX messages_order_id_id_idx ON messages (order_id, id);
