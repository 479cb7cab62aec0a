-- Deaths of processes that do not speak against the event they were trying: see decision 26.
ALTER TABLE messaging.retry ADD COLUMN forgiven integer NOT NULL DEFAULT 0;
