-- From where a lost stream is published again, as a position: clocks can be set back. `safe_at` is still written and read,
-- for replicas of the release before, and goes in the release after this one, together with `next_at`.
ALTER TABLE messaging.relay
  -- Everything published with a lower position was acknowledged by every consumer group.
  ADD COLUMN safe_position bigint NOT NULL DEFAULT 0,
  -- The next safe point: holds once every group has acknowledged everything up to `next_entry_id`.
  ADD COLUMN next_position bigint NOT NULL DEFAULT 0,
  ADD COLUMN next_entry_id text NOT NULL DEFAULT '0-0',
  ADD COLUMN next_at timestamptz NOT NULL DEFAULT '-infinity';

UPDATE messaging.relay SET safe_position = coalesce(
  (SELECT min(position) FROM messaging.outbox WHERE published_at >= safe_at - interval '5 minutes'),
  (SELECT max(position) + 1 FROM messaging.outbox), 0);
UPDATE messaging.relay SET next_position = safe_position;
