// A service that opens nothing but says on stdout what happens to it, for tests that stop it.
import express from 'express';
import { listen, runService } from '../src/lifecycle.ts';

const [mode] = process.argv.slice(2);
const closed: string[] = [];

await runService(
  { service: 'fixture', config: { LOG_LEVEL: 'info', HOST: '127.0.0.1' } },
  async ({ log, onStop, health }) => {
    // One line for all of them: the order of lines at the end of a process is not certain.
    onStop('first', () => log.info({ closed: [...closed, 'first'], ready: health.isReady() }, 'closed'));
    onStop('second', () => {
      closed.push('second');
      if (mode === 'cannot-close') throw new Error('it is stuck');
    });
    if (mode === 'cannot-start') throw new Error('no database');
    const app = express().get('/slow', (_req, res) => {
      log.info('request came');
      setTimeout(() => res.send('answered'), 200);
    });
    const server = await listen(app, { port: 0, host: '127.0.0.1', log });
    onStop('http', async () => {
      await server.close();
      closed.push('http');
    });
    if (mode === 'throws') {
      setTimeout(() => {
        throw new Error('a bug');
      }, 10);
    }
    if (mode === 'warns') setTimeout(() => {}, -11);
    if (mode === 'rejects') void Promise.reject(new Error('a bug'));
  },
);
