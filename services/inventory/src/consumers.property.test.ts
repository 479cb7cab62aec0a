import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';
import type { OrderEvent, ReservationStatus } from './domain.ts';

type Step = OrderEvent['type'];

/** The sagas an order can go through, and what they leave of two items. */
const sagas = {
  paid: {
    steps: ['order.confirmation-requested', 'order.paid'],
    end: { status: 'HELD', paid: true, reserved: 2, shipped: 0 },
  },
  shipped: {
    steps: ['order.confirmation-requested', 'order.paid', 'order.shipped'],
    end: { status: 'SHIPPED', paid: true, reserved: 0, shipped: 2 },
  },
  cancelled: {
    steps: ['order.confirmation-requested', 'order.cancelled'],
    end: { status: 'RELEASED', paid: false, reserved: 0, shipped: 0 },
  },
  refunded: {
    steps: ['order.confirmation-requested', 'order.paid', 'order.cancelled'],
    end: { status: 'RELEASED', paid: true, reserved: 0, shipped: 0 },
  },
} as const satisfies Record<
  string,
  { steps: Step[]; end: { status: ReservationStatus; paid: boolean; reserved: number; shipped: number } }
>;

type SagaName = keyof typeof sagas;

function eventOf(step: Step, orderId: string, productId: string): OrderEvent {
  switch (step) {
    case 'order.confirmation-requested':
      return anEvent(step, { orderId, items: [{ productId, quantity: 2 }] });
    case 'order.paid':
      return anEvent(step, { orderId, total: { amount: 5998, currency: 'EUR' } });
    case 'order.cancelled':
      return anEvent(step, { orderId, reason: 'cancelled_by_customer' });
    case 'order.shipped':
      return anEvent(step, { orderId });
  }
}

/** Which event of which order comes next. */
type Delivery = { order: number; step: number; copy: 'first' | 'same id' | 'new id'; endsBatch: boolean };

/** Some orders, and their events: shuffled, repeated (known to the inbox or not) and cut into batches. */
const histories = fc
  .array(fc.constantFrom(...(Object.keys(sagas) as SagaName[])), { minLength: 1, maxLength: 4 })
  .chain((names) => {
    const all = names.flatMap((name, order) => sagas[name].steps.map((_, step) => ({ order, step })));
    const repeated = fc.array(
      fc.record({
        of: fc.constantFrom(...all),
        copy: fc.constantFrom('same id' as const, 'new id' as const),
      }),
      { maxLength: 5 },
    );
    return repeated.chain((copies) => {
      const deliveries = [
        ...all.map((event) => ({ ...event, copy: 'first' as const })),
        ...copies.map(({ of, copy }) => ({ ...of, copy })),
      ];
      const { length } = deliveries;
      return fc
        .tuple(
          fc.shuffledSubarray(deliveries, { minLength: length, maxLength: length }),
          fc.array(fc.boolean(), { minLength: length, maxLength: length }),
        )
        .map(([shuffled, cuts]) => ({
          names,
          deliveries: shuffled.map((delivery, i): Delivery => ({ ...delivery, endsBatch: cuts[i]! })),
        }));
    });
  });

function batchesOf(names: SagaName[], deliveries: Delivery[], orderIds: string[], productId: string) {
  const events = names.map((name, order) =>
    sagas[name].steps.map((step) => eventOf(step, orderIds[order]!, productId)),
  );
  const batches: OrderEvent[][] = [[]];
  for (const { order, step, copy, endsBatch } of deliveries) {
    const event = events[order]![step]!;
    batches.at(-1)!.push(copy === 'new id' ? { ...event, id: newId() } : event);
    if (endsBatch) batches.push([]);
  }
  return batches.filter((batch) => batch.length > 0);
}

test('the events of sagas end in the same stock, reservations and ledger in any order and however often they come', async () => {
  const { handle, addProduct, stock, reservations, told, unbalanced } = await inventory();
  const end = async ({ names, deliveries }: { names: SagaName[]; deliveries: Delivery[] }) => {
    const productId = await addProduct(10);
    const orderIds = names.map(newId);
    for (const batch of batchesOf(names, deliveries, orderIds, productId)) await handle(batch);

    const ends = names.map((name) => sagas[name].end);
    const sum = (key: 'reserved' | 'shipped') => ends.reduce((total, end) => total + end[key], 0);
    expect(await stock(productId)).toEqual([
      {
        productId,
        received: 10,
        onHand: 10 - sum('shipped'),
        reserved: sum('reserved'),
        shipped: sum('shipped'),
      },
    ]);
    for (const [i, orderId] of orderIds.entries()) {
      const { status, paid } = ends[i]!;
      const items = [{ productId, quantity: 2 }];
      expect(await reservations(orderId)).toMatchObject([{ orderId, status, paid, items }]);
      const events = await told(orderId);
      expect(events.map((event) => event.sequence)).toEqual(events.map((_, n) => n + 1));
      expect(['', ...tales[status]]).toContain(events.map((event) => event.type).join());
      if (status !== 'RELEASED') expect(events).not.toEqual([]);
    }
    expect(await unbalanced()).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(histories, end), { numRuns: 80 });
});

/** What may have been told of a reservation that ended so; nothing at all when a cancellation came first. */
const tales: Record<ReservationStatus, string[]> = {
  AWAITED: [],
  HELD: ['inventory.reserved'],
  REJECTED: ['inventory.rejected'],
  RELEASED: ['inventory.reserved,inventory.released'],
  SHIPPED: ['inventory.reserved,inventory.shipped'],
};
