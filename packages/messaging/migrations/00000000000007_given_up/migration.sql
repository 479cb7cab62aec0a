-- Giving an event up is written into the inbox, so that a replay passes over it. `event_id` is that row of the inbox; null
-- in a letter of a release before this one whose event has been handled since, or has no id.
ALTER TABLE messaging.dead_letter ADD COLUMN event_id uuid;

WITH given_up AS (
  INSERT INTO messaging.inbox (consumer_group, event_id)
  SELECT consumer_group, key::uuid FROM messaging.dead_letter
  WHERE key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  ON CONFLICT DO NOTHING RETURNING consumer_group, event_id)
UPDATE messaging.dead_letter SET event_id = given_up.event_id FROM given_up
WHERE dead_letter.consumer_group = given_up.consumer_group AND key = given_up.event_id::text;

INSERT INTO messaging.inbox (consumer_group, event_id)
SELECT consumer_group, key::uuid FROM messaging.discarded_letter
WHERE key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
ON CONFLICT DO NOTHING;

-- A trigger, because replicas of the release before redrive letters too: an event that is tried again while the inbox has
-- it would be passed over. A letter that is discarded leaves its row there.
CREATE FUNCTION messaging.take_back_from_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM messaging.inbox
  WHERE consumer_group = OLD.consumer_group AND event_id = OLD.event_id
    AND NOT EXISTS (SELECT FROM messaging.discarded_letter WHERE id = OLD.id);
  RETURN NULL;
END $$;

CREATE TRIGGER take_back_from_inbox AFTER DELETE ON messaging.dead_letter
FOR EACH ROW WHEN (OLD.event_id IS NOT NULL) EXECUTE FUNCTION messaging.take_back_from_inbox();
