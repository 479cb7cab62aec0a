import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { deadAddress } from './harness.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** In MB: the chart's limit of the gateway. What is alive is far below; how much garbage comes on top depends on the machine. */
export const MEMORY_LIMIT = 320;

export const internalToken = 'the-internal-token-of-tests';

/** The gateway as a process of its own, whose memory is its own. */
export async function startGatewayProcess({ order, redisUrl }: { order: string; redisUrl: string }) {
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    METRICS_PORT: '0',
    ORDER_URL: order,
    INVENTORY_URL: deadAddress,
    PAYMENT_URL: deadAddress,
    NOTIFICATION_URL: deadAddress,
    CUSTOMER_URL: deadAddress,
    AUDITOR_URL: deadAddress,
    CHAOS_CONTROLLER_URL: deadAddress,
    AUTH_URL: deadAddress,
    REDIS_URL: redisUrl,
    INTERNAL_TOKEN: internalToken,
    // Clients of several addresses, as a proxy in front would report them.
    TRUST_PROXY: '1',
  };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const ports: Record<string, number> = {};
  await new Promise<void>((resolve, reject) => {
    void ended.then(([code]) => reject(new Error(`the gateway ended with ${code}`)));
    createInterface(child.stdout).on('line', (line) => {
      const { msg, port } = JSON.parse(line);
      if (port) ports[msg] = port;
      if (msg === 'listening') resolve();
    });
  });
  const port = ports.listening!;
  const url = `http://127.0.0.1:${port}`;
  const metrics = async () => (await fetch(`http://127.0.0.1:${ports['serving metrics']}/metrics`)).text();
  return {
    port,
    url,
    metrics,
    /** Resident memory in MB. */
    async memory(): Promise<number> {
      const line = /^process_resident_memory_bytes\{.*\} (\S+)$/m.exec(await metrics());
      return Number(line?.[1]) / 1024 / 1024;
    },
  };
}
