import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { targetOf, throughRelay } from './relay.ts';

/** `before` Postgres hears of a commit, `while` it commits, or `after` it has committed and before its answer arrives. */
export type Moment = 'before' | 'while' | 'after';

const COMMIT = 'COMMIT\0';

/** A way to the Postgres at `url` on which connections break at their COMMIT, as often as a test asks. */
export async function commitCutter(url: string) {
  const sockets = new Set<Socket>();
  let cuts: Moment[] = [];
  let away = false;
  let goesAway = false;

  const server = createServer((near) => {
    if (away) return void near.destroy();
    const far = connect(targetOf(url));
    let ending = false;
    const end = () => {
      near.destroy();
      far.end(); // what was written to it arrives
      sockets.delete(near);
    };
    function cut(): void {
      away = goesAway;
      end();
    }
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true).on('error', () => {}));
      socket.on('close', end);
    }
    near.on('data', (chunk) => {
      const moment = chunk.includes(COMMIT) ? cuts.shift() : undefined;
      if (moment === 'before') return cut();
      ending ||= moment === 'after';
      far.write(chunk, () => moment === 'while' && near.destroy());
    });
    far.on('data', (chunk) => {
      if (!ending) near.write(chunk);
      else if (chunk.includes(COMMIT)) cut();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as { port: number };

  return {
    url: throughRelay(url, { port }),
    /** Breaks the next connection that commits, then the next after it, and so on. */
    cut: (...moments: Moment[]) => {
      cuts = moments;
      goesAway = false;
    },
    /** Breaks the next connection that commits; Postgres is away from then on, until `comeBack`. */
    cutAndLeave: (moment: Moment) => {
      cuts = [moment];
      goesAway = true;
    },
    comeBack: () => {
      away = false;
      goesAway = false;
    },
  };
}
