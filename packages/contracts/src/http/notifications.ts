import { z } from 'zod';
import { pageQuery } from './page.ts';

export const notificationView = z.object({
  id: z.uuid(),
  orderId: z.uuid(),
  channel: z.enum(['email', 'sms']),
  template: z.string(),
  recipient: z.string(),
  subject: z.string(),
  status: z.enum(['PENDING', 'SENT', 'FAILED']),
  sentAt: z.iso.datetime().nullable(),
});
export type NotificationView = z.infer<typeof notificationView>;

export const listNotificationsQuery = pageQuery.extend({
  orderId: z.uuid().optional(),
  channel: notificationView.shape.channel.optional(),
  status: notificationView.shape.status.optional(),
});
