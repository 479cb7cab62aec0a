import { randomUUID } from 'node:crypto';

// What `helm test` runs: the gateway is well, and in demo mode an order gets paid.
const { GATEWAY_URL, DEMO } = process.env;
const giveUpAt = Date.now() + 120_000;

async function call(path, init) {
  const response = await fetch(GATEWAY_URL + path, { signal: AbortSignal.timeout(10_000), ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} gave ${response.status}: ${text}`);
  return JSON.parse(text);
}

async function until(what, attempt) {
  for (let last; ; ) {
    try {
      const found = await attempt();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > giveUpAt) throw new Error(`Waited two minutes for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

await until('the gateway', () => call('/health'));
console.log('the gateway is well');

if (DEMO === 'true') {
  const product = await until('the demo products', async () =>
    (await call('/inventory')).find(({ quantity }) => quantity > 0),
  );
  const { order_id: id } = await call('/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({
      customer_name: 'Helm Test',
      customer_email: 'helm-test@example.com',
      items: [{ product_id: product.product_id, quantity: 1, price: product.price }],
    }),
  });
  await until(`order ${id} to be paid`, async () => (await call(`/orders/${id}`)).status === 'PAID');
  console.log(`order ${id} is paid`);
}
