import type { ProductEntry } from '@orderflow/contracts/ledgers';
import type { Expected } from './compare.ts';
import type { RecordedEvent, Told } from './recorded-events.ts';

/** What the last recorded event of a product says that the catalogue and its copies are. */
export type RecordedProduct = { recordedAt: number; readAt: number; expected: Expected<ProductEntry> };

export function recordedProduct(event: RecordedEvent, readAt: number): RecordedProduct | undefined {
  if (event.type !== 'product.changed') return undefined;
  const { sku, name, price, sellerId, active } = (event as Told<'product.changed'>).data;
  return {
    recordedAt: event.recordedAt,
    readAt,
    expected: {
      ...{ sku, name, sellerId, active },
      price: price?.amount,
      currency: price?.currency,
      sequence: event.sequence,
    },
  };
}
