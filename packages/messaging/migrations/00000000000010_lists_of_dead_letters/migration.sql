-- Lists of dead letters by reason and by stream, newest first.
CREATE INDEX IF NOT EXISTS dead_letter_reason_died_at ON messaging.dead_letter (reason, died_at, id);
CREATE INDEX IF NOT EXISTS dead_letter_stream_died_at ON messaging.dead_letter (stream, died_at, id);
CREATE INDEX IF NOT EXISTS discarded_letter_reason_died_at ON messaging.discarded_letter (reason, died_at, id);
CREATE INDEX IF NOT EXISTS discarded_letter_stream_died_at ON messaging.discarded_letter (stream, died_at, id);
