-- The first answers to requests that carry an Idempotency-Key, written in the transaction of their effect.
CREATE TABLE messaging.idempotency_key (
  scope       text NOT NULL,
  key         text NOT NULL,
  fingerprint text NOT NULL,
  status      smallint NOT NULL,
  headers     json NOT NULL,
  body        json,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_key_created_at ON messaging.idempotency_key USING brin (created_at);
