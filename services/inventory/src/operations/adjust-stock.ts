import type { adjustStockBody } from '@orderflow/contracts/http/catalogue';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import type { InventoryMetrics } from '../metrics.ts';
import type { Movement, Stock } from '../stock.ts';
import { openLedger } from './open-ledger.ts';

/** What is to be booked, decided on the stock as it is. A quantity of 0 is no movement. */
export type Adjustment = (stock: Stock) => Pick<Movement, 'kind' | 'quantity' | 'note'>;

type Context = { actor: string; metrics: InventoryMetrics };

/** Corrects what is there, and gives what is there then. Throws `not_found`, and `conflict` when less would be left than orders hold. */
export async function adjustStock(
  tx: Transaction,
  productId: string,
  { adjustment, ...context }: Context & { adjustment: Adjustment },
): Promise<Stock> {
  const ledger = await openLedger(tx, [productId], context);
  const stock = ledger.stock.get(productId);
  if (!stock) throw new ProblemError('not_found', `There is no product ${productId}.`);
  const movement = adjustment(stock);
  const left = stock.onHand + movement.quantity;
  if (left < stock.reserved) {
    throw new ProblemError(
      'conflict',
      `${left} would be left, but ${stock.reserved} are reserved for orders; cancel orders or leave more.`,
    );
  }
  if (movement.quantity !== 0) ledger.book([{ productId, ...movement }]);
  ledger.save();
  return ledger.stock.get(productId)!;
}

/** A positive change is goods that came in; a count, or goods that are gone, corrects what was there. */
export function toAdjustment(body: z.infer<typeof adjustStockBody>): Adjustment {
  const { note } = body;
  if ('onHand' in body) {
    return (stock) => ({ kind: 'ADJUSTED', quantity: body.onHand - stock.onHand, note });
  }
  const kind = body.change > 0 ? 'RECEIVED' : 'ADJUSTED';
  return () => ({ kind, quantity: body.change, note });
}
