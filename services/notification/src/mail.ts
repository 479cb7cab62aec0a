import { PassThrough } from 'node:stream';
import { withDeadline } from '@orderflow/service-kit/deadline';
import type { NodemailerError } from 'nodemailer';
import parseAddresses from 'nodemailer/lib/addressparser';
import SMTPPool from 'nodemailer/lib/smtp-pool';
import { composeMail } from './compose.ts';
import type { Outgoing, Send } from './domain.ts';

type MailerOptions = { url: string; from: string; connections: number; timeoutMs: number };

/**
 * Hands mails to a mail server, over a pool of connections.
 *
 * SMTP cannot do exactly-once: when the answer to a mail is lost, nobody can ask whether it was taken (RFC 5321,
 * 4.2.5). It is sent again, with the same Message-ID, by which mail stores and mail programs recognise a
 * repeated delivery. The other choice would be to lose a mail now and then.
 */
export function createMailer({ url, from, connections, timeoutMs }: MailerOptions) {
  const pool = new SMTPPool({
    url,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    maxRequeues: 0, // when to send again is our worker's to decide
    // Idle connections may be dead, and each mail that meets one waits for its time-out: there are none left after one.
    idleTimeout: Math.min(timeoutMs, 5_000),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  const [sender] = parseAddresses(from, { flatten: true });

  const handOver = (message: Outgoing, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const mail = toMail(message, { from, sender: sender?.address ?? '', signal });
      pool.send(mail as Parameters<typeof pool.send>[0], (error) => (error ? reject(error) : resolve()));
    });

  const send: Send = async (message) => {
    try {
      await withDeadline(timeoutMs, (signal) => handOver(message, signal));
      return { accepted: true };
    } catch (error) {
      if (isRejection(error as NodemailerError)) return { accepted: false, reason: (error as Error).message };
      throw error;
    }
  };

  return { send, close: () => pool.close() };
}

/** What the pool asks of a mail: nodemailer's interface for transports. */
function toMail(
  { id, orderId, recipient, subject, body }: Outgoing,
  { from, sender, signal }: { from: string; sender: string; signal: AbortSignal },
): unknown {
  const messageId = `<${id}@orderflow>`;
  const content = composeMail({
    headers: {
      From: from,
      To: recipient,
      Subject: subject,
      'Message-ID': messageId,
      Date: new Date().toUTCString().replace('GMT', '+0000'),
      ...(orderId && { 'X-Order-Id': orderId }),
      'Auto-Submitted': 'auto-generated',
    },
    text: body,
  });
  return {
    data: { signal },
    message: {
      getEnvelope: () => ({ from: sender, to: [recipient] }),
      getHeader: () => messageId,
      messageId: () => messageId,
      createReadStream: () => new PassThrough().end(content),
    },
  };
}

/** A 5xx to the sender, the recipient or the mail; one to our login is not the mail's fault. */
const isRejection = ({ permanent, code }: NodemailerError): boolean =>
  permanent === true && (code === 'EENVELOPE' || code === 'EMESSAGE');
