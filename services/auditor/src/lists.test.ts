import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';

const orderId = '01900000-0000-7000-9000-000000000111';

// Orders by people that are paid by the system. What is asked for is rare, and lies at the end of a list that is newest
// first: 20 cancellations by Ada and 20 products of inventory among the oldest.
const FILL = `
  WITH kept AS (
    INSERT INTO events (event_id, type, source, subject, sequence, order_id, correlation_id, causation_id, actor, attempt,
      time, data, position)
    SELECT (lpad(to_hex(1767225600000 + n * 60000), 12, '0') || '70008000' || lpad(n::text, 12, '0'))::uuid,
      CASE WHEN n BETWEEN 101 AND 120 THEN 'order.cancelled' WHEN n BETWEEN 121 AND 140 THEN 'customer.created'
        WHEN n % 2 = 0 THEN 'order.paid' ELSE 'order.placed' END,
      CASE WHEN n BETWEEN 121 AND 140 THEN 'customer' ELSE 'order' END, n::text, 1,
      CASE WHEN n BETWEEN 105 AND 120 THEN $1::uuid
        ELSE ('01900000-0000-7000-8000-' || lpad((n / 2)::text, 12, '0'))::uuid END,
      CASE WHEN n BETWEEN 101 AND 112 THEN 'rare' ELSE 'c' || n / 2 END,
      CASE WHEN n % 2 = 0 THEN gen_random_uuid() END,
      CASE WHEN n BETWEEN 101 AND 120 THEN 'customer:ada' WHEN n % 2 = 0 THEN 'system:order' ELSE 'customer:' || n END, 1,
      timestamptz '2026-01-01' + n * interval '1 minute', '{}', n
    FROM generate_series(1, 10000) AS n RETURNING 1),
  acts AS (
    INSERT INTO audit_log (id, time, actor, type, service, correlation_id, target)
    SELECT (lpad(to_hex(1767225600000 + n * 60000), 12, '0') || '70008000' || lpad(n::text, 12, '1'))::uuid,
      timestamptz '2026-01-01' + n * interval '1 minute', 'admin:' || n, 'dead_letters.redriven', 'order', 'c', '{}'
    FROM generate_series(1, 10000) AS n RETURNING 1),
  wrong AS (
    INSERT INTO violations (id, invariant, subject, order_id, detail, rows, ended_at)
    SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
      CASE WHEN n BETWEEN 101 AND 120 THEN 'one-charge-per-order' ELSE 'orders-end-in-time' END, n::text,
      CASE WHEN n BETWEEN 101 AND 120 THEN $1::uuid ELSE gen_random_uuid() END, '', '[]',
      CASE WHEN n NOT BETWEEN 111 AND 130 THEN now() END
    FROM generate_series(1, 10000) AS n RETURNING 1),
  dead AS (
    INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts, died_at)
    SELECT 'auditor', n::text, CASE WHEN n BETWEEN 101 AND 120 THEN 'orderflow:payment' ELSE 'orderflow:order' END, '1-1', '{}',
      CASE WHEN n BETWEEN 101 AND 120 THEN 'unreadable' ELSE 'failed' END, 'e', 1, now() - interval '1 year' + n * interval '1 s'
    FROM generate_series(1, 10000) AS n RETURNING *)
  INSERT INTO messaging.discarded_letter (id, consumer_group, key, stream, entry_id, body, reason, error, attempts, died_at,
    discard_reason, discarded_by)
  SELECT gen_random_uuid(), consumer_group, key, stream, entry_id, body, reason, error, attempts, died_at, 'r', 'admin'
  FROM dead, (SELECT count(*) FROM kept) AS k, (SELECT count(*) FROM acts) AS a, (SELECT count(*) FROM wrong) AS w`;

test('every list of the audit reads about as many rows as it shows, with each filter and page', {
  timeout: 90_000,
}, async () => {
  const { db, app } = await auditorHarness();
  await fillTables(db, FILL, [orderId]);
  const callers = { admin: await as.admin() };
  const samples = {
    listAudit: {
      filters: {
        actor: 'customer:ada',
        type: 'order.cancelled',
        orderId,
        from: '2026-01-07T14:20:00Z',
        to: '2026-01-01T02:10:00Z',
      },
      together: [
        ['actor', 'type'],
        ['type', 'to'],
        ['orderId', 'type'],
      ],
      callers,
    },
    listAuditEvents: {
      filters: { type: 'customer.created', source: 'customer', orderId, correlationId: 'rare' },
      together: [
        ['type', 'source'],
        ['orderId', 'correlationId'],
      ],
      callers,
    },
    listViolations: {
      filters: { invariant: 'one-charge-per-order', orderId, open: 'true' },
      together: [['invariant', 'open']],
      callers,
    },
    listDeadLetters: {
      filters: {
        service: 'auditor',
        group: 'auditor',
        reason: 'unreadable',
        stream: 'orderflow:payment',
        state: 'discarded',
      },
      together: [
        ['state', 'reason'],
        ['state', 'stream'],
      ],
      callers,
    },
  };
  expect(await wastefulLists({ service: 'auditor', app, db, samples })).toEqual([]);
});
