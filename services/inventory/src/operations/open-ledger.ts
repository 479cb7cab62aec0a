import { newId } from '@orderflow/contracts/ids';
import type { Transaction } from '@orderflow/service-kit/database';
import type { InventoryMetrics } from '../metrics.ts';
import { book, type Movement, type Stock } from '../stock.ts';

// In order of id, so that two transactions with the same products wait for one another instead of deadlocking.
const LOCK = `
  SELECT product_id AS "productId", received, on_hand AS "onHand", reserved, shipped
  FROM stock WHERE product_id = ANY($1::uuid[]) ORDER BY product_id FOR UPDATE`;

const SAVE = `
  UPDATE stock SET received = changed.received, on_hand = changed."onHand", reserved = changed.reserved,
    shipped = changed.shipped
  FROM json_to_recordset($1) AS changed("productId" uuid, received bigint, "onHand" bigint, reserved bigint,
    shipped bigint)
  WHERE stock.product_id = changed."productId"`;

const APPEND = `
  INSERT INTO movements (id, product_id, kind, quantity, order_id, note, actor)
  SELECT * FROM json_to_recordset($1) AS m(id uuid, "productId" uuid, kind text, quantity bigint, "orderId" uuid,
    note text, actor text)`;

/**
 * Locks the stock of some products and gives the only way to change it: by movements. The columns and the
 * ledger cannot part, because `book` works on both. Products that do not exist are absent from `stock`.
 * The ledger notes that `actor` brought the movements about.
 */
export async function openLedger(
  tx: Transaction,
  productIds: Iterable<string>,
  { actor, metrics }: { actor: string; metrics: InventoryMetrics },
) {
  const ids = [...new Set(productIds)];
  const rows = ids.length > 0 ? await tx.query<Stock>(LOCK, [ids]) : [];
  const stock = new Map(rows.map((row) => [row.productId, row]));
  const movements: Movement[] = [];

  return {
    stock: stock as ReadonlyMap<string, Stock>,
    book(entries: Movement[]): void {
      for (const entry of entries) {
        stock.set(entry.productId, book(stock.get(entry.productId)!, entry));
        movements.push(entry);
      }
    },
    /** Writes down what was booked: two statements, however much it was. */
    save(): void {
      if (movements.length === 0) return;
      const changed = new Set(movements.map((movement) => movement.productId));
      tx.send(SAVE, [JSON.stringify([...changed].map((id) => stock.get(id)))]);
      const lines = movements.map((movement) => ({ id: newId(), actor, ...movement }));
      tx.send(APPEND, [JSON.stringify(lines)]);
      tx.afterCommit(() => {
        for (const { kind } of movements) metrics.movements.inc({ kind });
      });
    },
  };
}
