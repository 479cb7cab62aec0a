import type { Client } from '@orderflow/client/client';

export type ListedOrder = { id: string; status: string };

/** All orders of a customer as the system itself lists them, page by page. Throws what the client throws. */
export async function listOrders(
  client: Pick<Client, 'call'>,
  { customerId, signal }: { customerId: string; signal: AbortSignal },
): Promise<ListedOrder[]> {
  const found: ListedOrder[] = [];
  let cursor: string | undefined;
  do {
    const query = { customerId, limit: 200, cursor };
    const page = await client.call('listOrders', { query, retries: 5, signal });
    found.push(...page.items.map(({ id, status }) => ({ id, status })));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return found;
}
