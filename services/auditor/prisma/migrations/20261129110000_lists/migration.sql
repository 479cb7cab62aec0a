-- Thousands of rows a second come in, so each index is of few of them. Events that every order makes are among the newest
-- rows whenever they are looked for; those of all other types, and of services that are in few sagas, have an index.
CREATE INDEX IF NOT EXISTS events_rare_type_idx ON events (type, event_id)
  WHERE type NOT IN ('order.placed', 'order.confirmation-requested', 'inventory.reserved', 'order.confirmed',
    'payment.captured', 'order.paid', 'notification.sent');
CREATE INDEX IF NOT EXISTS events_rare_source_idx ON events (source, event_id)
  WHERE source NOT IN ('order', 'inventory', 'payment', 'notification');
-- What people do besides placing orders.
CREATE INDEX IF NOT EXISTS events_by_person_type_idx ON events (type, event_id)
  WHERE by_person AND type NOT IN ('order.placed', 'order.confirmation-requested');
-- Where the work of a correlation id began, and what is of no order: the rest of it is of the same orders.
CREATE INDEX IF NOT EXISTS events_correlation_id_idx ON events (correlation_id)
  WHERE causation_id IS NULL OR order_id IS NULL;

CREATE INDEX IF NOT EXISTS audit_log_type_id_idx ON audit_log (type, id);
CREATE INDEX IF NOT EXISTS audit_log_actor_id_idx ON audit_log (actor, id);

CREATE INDEX IF NOT EXISTS violations_lasting_idx ON violations (id) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS violations_over_idx ON violations (id) WHERE ended_at IS NOT NULL;
