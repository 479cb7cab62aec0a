import { SMTPServer } from 'smtp-server';
import { listenOnFreePort } from './listen-on-free-port.ts';

/** A mail server that takes nothing for anybody; its address. */
export async function unfriendlyServer(): Promise<string> {
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo: (_address, _session, callback) =>
      callback(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
  });
  return `smtp://127.0.0.1:${await listenOnFreePort(server)}`;
}
