import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A way to a server, by another port, that can be cut: `gone` refuses whoever comes, `silent` answers nobody. */
export async function cuttable(given: string) {
  const to = new URL(given);
  const open = new Set<Socket>();
  let state: 'whole' | 'gone' | 'silent' = 'whole';

  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };
  function keep(socket: Socket, other: () => Socket | undefined) {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      other()?.destroy();
    });
  }

  const server = createServer((near) => {
    if (state === 'gone') return near.destroy();
    if (state === 'silent') return keep(near, () => undefined);
    const far = connect(Number(to.port), to.hostname);
    keep(near, () => far);
    keep(far, () => near);
    near.on('data', (data) => state === 'whole' && far.write(data));
    far.on('data', (data) => state === 'whole' && near.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    breakAll();
  });

  const url = new URL(to);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  url.search = ''; // it may name a Unix socket, which would lead past us
  return {
    url: url.href,
    cut(how: 'gone' | 'silent'): void {
      state = how;
      if (how === 'gone') breakAll();
    },
    /** Those who waited in silence are told that nothing comes any more, as by a server that was restarted. */
    mend(): void {
      state = 'whole';
      breakAll();
    },
  };
}
