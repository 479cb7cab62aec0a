import type { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';

/** Lets a mail server listen until the running test ends; its port. */
export async function listenOnFreePort(server: SMTPServer): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  const address = server.server.address();
  if (typeof address !== 'object' || !address) throw new Error('the mail server does not listen on a port');
  return address.port;
}
