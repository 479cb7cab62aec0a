import { withDeadline } from '@orderflow/service-kit/deadline';
import nodemailer, { type NodemailerError } from 'nodemailer';
import type { Send } from './domain.ts';

type MailerOptions = { url: string; from: string; connections: number; timeoutMs: number };

/**
 * Hands mails to a mail server, over a pool of connections.
 *
 * SMTP cannot do exactly-once: when the answer to a mail is lost, nobody can ask whether it was taken (RFC 5321,
 * 4.2.5). It is sent again, with the same Message-ID, by which mail stores and mail programs recognise a
 * repeated delivery. The other choice would be to lose a mail now and then.
 */
export function createMailer({ url, from, connections, timeoutMs }: MailerOptions) {
  const transport = nodemailer.createTransport(
    {
      url,
      pool: true,
      maxConnections: connections,
      maxMessages: Number.POSITIVE_INFINITY,
      maxRequeues: 0, // when to send again is our worker's to decide
      idleTimeout: 30_000, // before the server's own, usually a minute or more
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );

  const send: Send = async ({ id, orderId, recipient, subject, body }) => {
    const mail = {
      to: { name: '', address: recipient },
      subject,
      text: body,
      messageId: `<${id}@orderflow>`,
      headers: { 'X-Order-Id': orderId, 'Auto-Submitted': 'auto-generated' },
    };
    try {
      await withDeadline(timeoutMs, (signal) => transport.sendMail({ ...mail, signal }));
      return { accepted: true };
    } catch (error) {
      if (isRejection(error as NodemailerError)) return { accepted: false, reason: (error as Error).message };
      throw error;
    }
  };

  return { send, close: () => transport.close() };
}

/** A 5xx to the sender, the recipient or the mail; one to our login is not the mail's fault. */
const isRejection = ({ permanent, code }: NodemailerError): boolean =>
  permanent === true && (code === 'EENVELOPE' || code === 'EMESSAGE');
