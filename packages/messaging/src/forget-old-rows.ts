import type { Database } from '@orderflow/service-kit/database';

/** Published rows stay this long at least; inboxes remember for longer. */
const OUTBOX_DAYS = 7;
const INBOX_DAYS = 8;

/**
 * Deletes what is past its time, a bounded number of rows a call. Unacknowledged events are kept however old
 * they are. Inboxes remember longer than outboxes repeat.
 */
export async function forgetOldRows(db: Database): Promise<void> {
  await db.query(`
    DELETE FROM messaging.outbox WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM messaging.outbox
      WHERE created_at < now() - interval '${OUTBOX_DAYS} days'
        AND published_at < least(now() - interval '${OUTBOX_DAYS} days', (SELECT min(safe_at) FROM messaging.relay))
        AND position < (SELECT min(safe_position) FROM messaging.relay)
      LIMIT 5000))`);
  await db.query(`
    DELETE FROM messaging.inbox WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM messaging.inbox WHERE handled_at < now() - interval '${INBOX_DAYS} days' LIMIT 5000))`);
}
