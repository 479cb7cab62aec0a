import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { targetOf, throughRelay } from './relay.ts';

/** Commands by which a client gets ready. They are answered by Redis itself. */
const OF_CONNECTING = ['info', 'hello', 'auth', 'client', 'select'];

/** A way to the Redis at `url` on which commands can be answered with an error. */
export async function failingRedis(url: string) {
  const sockets = new Set<Socket>();
  let reply: string | undefined;

  const server = createServer((near) => {
    const far = connect(targetOf(url));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          near.destroy();
          far.destroy();
          sockets.delete(socket);
        });
    }
    far.pipe(near);
    let unread = '';
    near.on('data', (chunk) => {
      unread += chunk.toString('latin1');
      for (let command = firstCommand(unread); command; command = firstCommand(unread)) {
        unread = unread.slice(command.text.length);
        // Redis itself gives the error, so that it comes in its turn.
        const error = OF_CONNECTING.includes(command.name) ? undefined : reply;
        far.write(error === undefined ? command.text : commandThatFails(error), 'latin1');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    dropAll();
  });
  const { port } = server.address() as { port: number };

  return {
    url: throughRelay(url, { port }),
    /** Answers every command with this error from now on, or passes all on again. Connections start anew. */
    answer(error: string | undefined): void {
      reply = error;
      dropAll();
    },
  };
}

/** The first whole command of what came: an array of bulk strings, https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function firstCommand(text: string): { name: string; text: string } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return undefined;
  let end = head[0].length;
  let name = '';
  for (let i = 0; i < Number(head[1]); i++) {
    const length = /^\$(\d+)\r\n/.exec(text.slice(end, end + 20));
    if (!length) return undefined;
    const from = end + length[0].length;
    end = from + Number(length[1]) + 2;
    if (i === 0) name = text.slice(from, end - 2).toLowerCase();
  }
  return text.length >= end ? { name, text: text.slice(0, end) } : undefined;
}

function commandThatFails(error: string): string {
  const words = ['EVAL', 'return redis.error_reply(ARGV[1])', '0', error];
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
