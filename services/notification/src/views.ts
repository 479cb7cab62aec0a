import type { NotificationView } from '@orderflow/contracts/http/notifications';
import type { plainNotificationView } from '@orderflow/contracts/http/plain';
import type { z } from 'zod';
import type { Message, Prisma } from './generated/prisma/client.ts';

/** One that still waits for its contact has no recipient and no words: it is not shown. */
export const shown = { status: { not: 'WAITING' } } satisfies Prisma.MessageWhereInput;

/** A message as the API shows it. */
export const toView = (row: Message): NotificationView => ({
  id: row.id,
  orderId: row.orderId,
  channel: row.channel as NotificationView['channel'],
  template: row.template,
  recipient: row.recipient!,
  subject: row.subject!,
  status: row.status as NotificationView['status'],
  sentAt: row.sentAt?.toISOString() ?? null,
});

/** A sent message as the plain alias shows it. */
export const toPlainView = (row: Message): z.infer<typeof plainNotificationView> => ({
  order_id: row.orderId,
  channel: row.channel as NotificationView['channel'],
  recipient: row.recipient!,
  subject: row.subject!,
  sent_at: row.sentAt!.toISOString(),
});
