import { metricsListener } from '@orderflow/local-runtime/services';
import type { System } from '@orderflow/local-runtime/system';
import { z } from 'zod';

const stock = z.array(
  z.object({ product_id: z.string(), name: z.string(), quantity: z.number(), price: z.number() }),
);

/** The block of addresses and first steps shown when everything is up. */
export async function welcome(options: {
  system: System;
  ports: Record<string, number>;
  dataDir: string;
  demo: boolean;
}): Promise<string> {
  const { ports } = options;
  const gateway = `http://localhost:${ports.gateway}`;
  return [
    '',
    `  API                 ${gateway}  (its documentation: ${gateway}/docs)`,
    `  Mails sent          http://localhost:${ports.postbox}`,
    ...(options.system.urls.bank ? [`  The bank's ledger   http://localhost:${ports.bank}/v1/ledger`] : []),
    `  Postgres, Redis     127.0.0.1:${ports.postgres} and ${ports.redis} (users postgres and default; passwords in ${options.dataDir})`,
    `  Metrics             http://localhost:${ports[metricsListener('gateway')]}/metrics; of each service 60 above its port`,
    '  Failure drills      npm run drill -- --list',
    `  Raw logs            ${options.dataDir}/logs`,
    '',
    ...(options.demo ? await demoHints(options.system.urls.gateway ?? gateway, ports.gateway ?? 8080) : []),
    '  Ctrl-C stops everything; the data is kept. "npm run reset" deletes it.',
    '',
  ].join('\n');
}

async function demoHints(gateway: string, port: number): Promise<string[]> {
  const order = await guestOrder(gateway);
  return [
    '  Log in at POST /api/auth/login (demo accounts, never in production):',
    '    customer  user@orderflow.io    User1234!',
    '    seller    seller@orderflow.io  Seller123!',
    '    admin     admin@orderflow.io   Admin123!',
    '',
    '  Place an order as a guest; it is confirmed and charged by itself:',
    '',
    ...order.map(
      (body) => `  curl -X POST localhost:${port}/orders -H 'content-type: application/json' -d '${body}'`,
    ),
    `  curl localhost:${port}/orders`,
    '',
  ];
}

/** An order for a product that can be ordered at this moment. Empty when there is none. */
async function guestOrder(gateway: string): Promise<string[]> {
  const response = await fetch(`${gateway}/inventory`);
  const products = stock.safeParse(await response.json()).data ?? [];
  const product = products.find(({ quantity }) => quantity > 0);
  if (!product) return [];
  const item = { product_id: product.product_id, quantity: 1, price: product.price };
  return [JSON.stringify({ customer_name: 'Ada', customer_email: 'ada@example.com', items: [item] })];
}
