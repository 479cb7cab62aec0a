import { openMessaging } from '@orderflow/messaging/open';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { createOrderLinks } from '@orderflow/service-kit/order-links';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { watchBacklog } from './backlog.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createMailer } from './mail.ts';
import { createNotificationMetrics } from './metrics.ts';
import { startSending } from './sending.ts';
import { startAccountMails } from './sending-account-mails.ts';
import { createHttpSms } from './sms.ts';

const config = readConfig(configSchema);

await runService({ service: 'notification', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const { log, onStop } = scope;
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createNotificationMetrics(scope.metrics);
  const backlog = watchBacklog({ db, metrics, log });
  onStop('backlog', backlog.stop);
  messaging.publishOutbox('notification');
  const app = createApp({ scope, db, redis, prisma, auth: authFrom(config), demo: config.DEMO });
  onStop('http', http.serve(app));
  const concurrency = config.SEND_CONCURRENCY;
  const timeoutMs = config.SEND_TIMEOUT_MS;
  const mailer = createMailer({
    url: config.SMTP_URL,
    from: config.MAIL_FROM,
    connections: concurrency,
    timeoutMs,
  });
  onStop('mailer', mailer.close);
  const send = { email: mailer.send, sms: createHttpSms({ url: config.SMS_URL, timeoutMs }) };
  const sending = startSending({ db, scope, metrics, send, concurrency, timeoutMs });
  onStop('sending', sending.stop);
  const accountMails = startAccountMails({
    db,
    scope,
    metrics,
    send: mailer.send,
    mailCodeSecret: config.MAIL_CODE_SECRET,
    timeoutMs,
  });
  onStop('account mails', accountMails.stop);
  const links = createOrderLinks({ secrets: config.ORDER_LINK_SECRETS });
  const linkTo = (orderId: string) =>
    `${config.PUBLIC_URL}/api/orders/${orderId}?access=${links.tokenOf(orderId)}`;
  messaging.consume('notification', createHandlers({ linkTo }));
});
