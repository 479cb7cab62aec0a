CREATE TABLE drills (
  id          uuid PRIMARY KEY,
  name        text NOT NULL,
  phase       text NOT NULL,
  spec        jsonb NOT NULL,
  state       jsonb NOT NULL,
  -- Of the state: an older one that comes late never takes the place of a newer one.
  version     integer NOT NULL DEFAULT 0,
  started_by  text NOT NULL,
  resource    jsonb,
  abort_asked text,
  report      jsonb,
  undone      boolean NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now(),
  injected_at timestamptz,
  ended_at    timestamptz,
  CHECK ((ended_at IS NOT NULL) = (phase IN ('Passed', 'Failed', 'Inconclusive', 'Aborted', 'Refused')))
);
CREATE INDEX drills_name_id_idx ON drills (name, id);
CREATE INDEX drills_running_idx ON drills (id) WHERE ended_at IS NULL;
CREATE INDEX drills_left_over_idx ON drills (id) WHERE NOT undone;
-- A resource is reconciled again and again; it has one drill.
CREATE UNIQUE INDEX drills_resource_idx ON drills ((resource ->> 'uid'));

CREATE TABLE kill_switch (
  id         integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  engaged    boolean NOT NULL,
  reason     text NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE schedules (
  name       text PRIMARY KEY,
  fired_for  timestamptz NOT NULL,
  last_drill uuid
);
