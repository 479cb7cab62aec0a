import type { Client } from '@orderflow/client/client';
import { sleep } from '@orderflow/client/time';
import type { Book } from './book.ts';
import { asRead, type DrillOrder, isOpen } from './drill-order.ts';

/** So that a heap of open orders is no load of its own: at most 50 reads a second. */
const EVERY_MS = 500;
const READS_AT_ONCE = 25;
const READ_TIMEOUT_MS = 5_000;

/** Reads orders until each is at its end, those that nobody has looked at for longest first. Ends with the signal. */
export async function watchOrders({
  client,
  book,
  signal,
}: {
  client: Pick<Client, 'send'>;
  book: Pick<Book, 'all' | 'note'>;
  signal: AbortSignal;
}): Promise<void> {
  const lookedAt = new Map<DrillOrder, number>();

  async function look(order: DrillOrder): Promise<void> {
    lookedAt.set(order, Date.now());
    const view = await readOrder(client, order.orderId!, signal);
    if (view === 'no answer') return;
    const changes = asRead(order, view, Date.now());
    if (changes.status !== order.status || changes.endedAt) book.note(order, changes);
    if (changes.endedAt) lookedAt.delete(order);
  }

  while (!signal.aborted) {
    const open = book.all().filter(isOpen);
    // Not simply the oldest: lost ones would hide all others.
    open.sort((a, b) => (lookedAt.get(a) ?? a.askedAt) - (lookedAt.get(b) ?? b.askedAt));
    await Promise.all([
      sleep(EVERY_MS, signal).catch(() => {}),
      ...open.slice(0, READS_AT_ONCE).map((order) => look(order)),
    ]);
  }
}

/** An order, undefined when there is none by this id, or that nobody said either. */
async function readOrder(client: Pick<Client, 'send'>, id: string, signal: AbortSignal) {
  const timed = AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
  const answer = await client.send('getOrder', { params: { id }, signal: timed }).catch(() => undefined);
  if (answer?.ok) return answer.body;
  return answer?.problem?.code === 'not_found' ? undefined : 'no answer';
}
