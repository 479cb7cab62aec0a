import type { AddressInfo } from 'node:net';
import type { Logger } from '@orderflow/service-kit/logger';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { FaultSwitch } from './faults.ts';
import { parseMail } from './mail.ts';
import type { PostboxMetrics } from './metrics.ts';
import type { Delivery, Store } from './operations/store-deliveries.ts';

const MAX_BYTES = 1024 * 1024;

type SmtpOptions = {
  port: number;
  host: string;
  store: Store;
  faults: FaultSwitch;
  metrics: PostboxMetrics;
  log: Logger;
};

/** Takes mail for every address there is; answers 250 only for what is stored. */
export async function listenSmtp({ port, host, store, faults, metrics, log }: SmtpOptions) {
  const server = new SMTPServer({
    size: MAX_BYTES,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onData: (stream, session, callback) => {
      receive(stream, session).then(() => callback(), callback);
    },
  });
  // Clients that go away without a word come here too; they must not end the process.
  server.on('error', (error) => log.debug({ error: error.message }, 'an SMTP connection broke'));

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk);
    if (stream.sizeExceeded) throw refusal(552, `A mail may have ${MAX_BYTES} bytes`);
    const fate = await faults.meet();
    metrics.deliveries.inc({ channel: 'email', outcome: fate });
    if (fate === 'rejected') {
      throw refusal(Math.random() < 0.5 ? 421 : 451, 'Not now, please try again later');
    }
    await store(deliveriesOf(Buffer.concat(chunks), session)).catch((error) => {
      log.warn({ error: error.message }, 'a mail could not be stored; its sender is to try again');
      throw refusal(451, 'The mail could not be stored, please try again later');
    });
    if (fate === 'answer_lost') hangUp(session);
  }

  function hangUp({ id }: SMTPServerSession) {
    for (const connection of server.connections) if (connection.id === id) connection.close();
  }

  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.server.address() as AddressInfo;
  log.info({ host, port: address.port }, 'taking mail');
  return { port: address.port, close: () => new Promise<void>((resolve) => server.close(resolve)) };
}

/** One for each recipient of the envelope. Mailboxes do not tell upper from lower case. */
function deliveriesOf(raw: Buffer, { envelope }: SMTPServerSession): Delivery[] {
  const mail = parseMail(raw);
  const sender = envelope.mailFrom ? envelope.mailFrom.address : '';
  return envelope.rcptTo.map(({ address }) => ({
    ...mail,
    channel: 'email',
    recipient: address.toLowerCase(),
    sender,
  }));
}

const refusal = (responseCode: number, message: string) =>
  Object.assign(new Error(message), { responseCode });
