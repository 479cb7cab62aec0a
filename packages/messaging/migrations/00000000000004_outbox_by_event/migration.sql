-- The outbox is walked by event id, to see what was written and whether it arrived.
CREATE INDEX outbox_event_id ON messaging.outbox (event_id);
