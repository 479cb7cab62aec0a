-- A list of SMS walked all messages, newest first. Each event that is told is told by e-mail, and by SMS too only to those
-- who gave a number: e-mails are never the rare ones.
CREATE INDEX IF NOT EXISTS messages_sms ON messages (id) WHERE channel = 'sms';
