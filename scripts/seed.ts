import { customers, products, sellers } from './seed/demo-data.ts';

/** Puts the demo sellers, products and customers into a running system, through its API. What is there already stays as it is. */
export async function seed(options: {
  gatewayUrl: string;
  internalToken: string;
  log: (line: string) => void;
}): Promise<void> {
  const send = async (method: string, path: string, body: object) => {
    const response = await fetch(`${options.gatewayUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${options.internalToken}` },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (response.ok) return true;
    // The SKU or the e-mail address is taken: seeded by an earlier start.
    if (response.status === 409) return false;
    throw new Error(
      `Demo data: ${method} ${path} gave ${response.status}: ${text}\nLook into .orderflow/logs, or start without it: npm start -- --no-demo`,
    );
  };

  for (const { id, confirmation } of sellers) {
    await send('PUT', `/api/sellers/${encodeURIComponent(id)}/settings`, { confirmation });
  }
  let added = 0;
  for (const product of products) if (await send('POST', '/api/products', product)) added += 1;
  for (const customer of customers) if (await send('POST', '/api/customers', customer)) added += 1;
  options.log(
    added > 0 ? `Demo data: ${added} products and customers added` : 'Demo data: there from an earlier start',
  );
}
