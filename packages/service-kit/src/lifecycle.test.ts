import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '@orderflow/testing/eventually';
import { silentLog } from '@orderflow/testing/scope';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from './lifecycle.ts';

const fixture = fileURLToPath(new URL('../test/fixture-service.ts', import.meta.url));

type Line = {
  msg: string;
  port?: number;
  ready?: boolean;
  reason?: string;
  closed?: string[];
  error?: { message: string };
};

/** Runs the fixture as a process of its own, with an IPC channel as under the supervisor. */
function start(mode = 'normal') {
  const child = spawn(process.execPath, [fixture, mode], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const lines: Line[] = [];
  const read = createInterface({ input: child.stdout! }).on('line', (line) => lines.push(JSON.parse(line)));
  const ended = Promise.all([once(child, 'exit'), once(read, 'close')]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lineOf = (msg: string) => lines.find((line) => line.msg === msg);
  return {
    child,
    lineOf,
    said: (msg: string) =>
      eventually(() => {
        const line = lineOf(msg);
        expect(line).toBeDefined();
        return line!;
      }),
    /** How the process ended, and how often it said that it closed. */
    async end() {
      const [[code]] = await ended;
      return { code, closed: lines.flatMap((line) => (line.closed ? [line.closed] : [])) };
    },
  };
}

const closedInReverse = { code: 0, closed: [['http', 'second', 'first']] };

test.each(['SIGTERM', 'SIGINT'] as const)('%s closes everything in reverse and exits 0', async (signal) => {
  const { child, said, end, lineOf } = start();
  await said('listening');
  child.kill(signal);
  expect(await end()).toEqual(closedInReverse);
  expect(lineOf('stopping')!.reason).toBe(signal);
  expect(lineOf('closed')!.ready).toBe(false);
});

test('a supervisor that is gone ends its services', async () => {
  const { child, said, end } = start();
  await said('listening');
  child.disconnect();
  expect(await end()).toEqual(closedInReverse);
});

test('a second signal changes nothing: the request in hand is answered and everything is closed once', async () => {
  const { child, said, end } = start();
  const { port } = await said('listening');
  const answer = fetch(`http://127.0.0.1:${port}/slow`);
  await said('request came');
  child.kill('SIGTERM');
  await said('stopping');
  child.kill('SIGTERM');
  child.kill('SIGINT');
  expect(await (await answer).text()).toBe('answered');
  expect(await end()).toEqual(closedInReverse);
});

test('what cannot be closed does not keep the rest open', async () => {
  const { child, said, end, lineOf } = start('cannot-close');
  await said('listening');
  child.kill('SIGTERM');
  expect(await end()).toEqual(closedInReverse);
  expect(lineOf('closing failed')!.error!.message).toBe('it is stuck');
});

test('a start that fails says why, closes what is open and exits 1', async () => {
  const { end, lineOf } = start('cannot-start');
  expect(await end()).toEqual({ code: 1, closed: [['second', 'first']] });
  expect(lineOf('could not start')!.error!.message).toBe('no database');
});

test.each(['throws', 'rejects'])('an error that nobody catches (%s) is one line and exit 1', async (mode) => {
  const { end, lineOf } = start(mode);
  expect((await end()).code).toBe(1);
  expect(lineOf('uncaught exception')!.error!.message).toBe('a bug');
});

test('a port that is taken is an error', async () => {
  const { port, close } = await listen(express(), { port: 0, host: '127.0.0.1', log: silentLog });
  onTestFinished(close);
  await expect(listen(express(), { port, host: '127.0.0.1', log: silentLog })).rejects.toThrow('EADDRINUSE');
});

test('closing lets the request in hand finish, takes no new one, and waits for no idle connection', async () => {
  const answer = Promise.withResolvers<void>();
  let requests = 0;
  const app = express().get('/', async (_req, res) => {
    requests += 1;
    if (requests === 2) await answer.promise;
    res.send('whole');
  });
  const { port, close } = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      get({ port, agent }, (res) => res.setEncoding('utf8').once('data', resolve)).once('error', reject);
    });
  await ask();
  const inHand = ask();
  await eventually(() => expect(requests).toBe(2));
  const startedAt = Date.now();
  const closed = close();
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  answer.resolve();
  expect(await inHand).toBe('whole');
  await closed;
  // Node keeps an idle connection for 5 s.
  expect(Date.now() - startedAt).toBeLessThan(2_500);
});

test('closing with a drain goes on answering kept connections and tells them to leave, and ends when they have', async () => {
  const app = express().get('/', (_req, res) => void res.send('whole'));
  const { port, close } = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog, drainMs: 20_000 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = () =>
    new Promise<{ connection?: string; reused: boolean }>((resolve, reject) => {
      const asked = get({ port, agent }, (res) => {
        res
          .resume()
          .once('end', () => resolve({ connection: res.headers.connection, reused: asked.reusedSocket }));
      }).once('error', reject);
    });
  expect(await ask()).toEqual({ connection: 'keep-alive', reused: false });
  const closed = close();
  expect(await ask()).toEqual({ connection: 'close', reused: true });
  await closed;
  await expect(ask()).rejects.toThrow('ECONNREFUSED');
});

test('a warning of Node is an error in the log', async () => {
  const { said } = start('warns');
  const { error } = await said('Node warned');
  expect(error!.message).toContain('-11 is a negative number');
});

test.each([
  ['the head of its request', 'GET / HTTP/1.1\r\nhost: '],
  ['its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{'],
])('a client that does not finish %s is cut off', async (_what, text) => {
  const app = express().post('/', express.json(), (_req, res) => void res.end());
  const inputTimeouts = { headersTimeout: 200, requestTimeout: 300, connectionsCheckingInterval: 50 };
  const server = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog, inputTimeouts });
  onTestFinished(() => server.close());
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  await once(socket.resume(), 'close');
});
