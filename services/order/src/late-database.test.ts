import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { testDatabaseUrl } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { targetOf, testRelay, throughRelay } from '@orderflow/testing/relay';
import { expect, onTestFinished, test } from 'vitest';

/** A port where nobody listens. */
const nowhere = { host: '127.0.0.1', port: 9 };

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Runs a script of ours as a process of its own, and reads its log. */
function run(script: string, args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: { msg: string; port?: number }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const said = (text: string) =>
    eventually(
      () => {
        const line = lines.find(({ msg }) => msg.startsWith(text));
        expect(line, `no line ${text}`).toBeDefined();
        return line!;
      },
      { timeoutMs: 40_000 },
    );
  return { child, exited, said };
}

test('a service that starts while Postgres is away answers its probes, and is ready when Postgres comes', async () => {
  const url = await testDatabaseUrl([]);
  const relay = await testRelay(nowhere);
  const { child, said, exited } = run(main, [], {
    PORT: '0',
    DATABASE_URL: throughRelay(url, relay),
    REDIS_URL: testRedis().url,
    AUTH_URL: 'http://127.0.0.1:9',
    INTERNAL_TOKEN: 'the-internal-token-of-tests',
    ORDER_LINK_SECRETS: 'a-secret-of-order-links-for-tests',
  });
  const { port } = await said('listening');
  await said('waiting for the database');
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect([await status('/livez'), await status('/readyz')]).toEqual([200, 503]);
  const early = await fetch(`http://127.0.0.1:${port}/api/orders`);
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
  relay.leadTo(targetOf(url));
  await eventually(async () => expect(await status('/readyz')).toBe(200), { timeoutMs: 40_000 });
  expect([await status('/livez'), await status('/api/orders')]).toEqual([200, 401]);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
}, 90_000);

test('the migrations of an init container wait for Postgres, and end when they are applied', async () => {
  const url = await testDatabaseUrl([]);
  const relay = await testRelay(nowhere);
  const command = fileURLToPath(import.meta.resolve('@orderflow/service-kit/migrate-command'));
  const folder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
  const { said, exited } = run(command, [folder], { DATABASE_URL: throughRelay(url, relay) });
  await said('waiting for the database');
  relay.leadTo(targetOf(url));
  expect(await exited).toBe(0);
}, 90_000);
