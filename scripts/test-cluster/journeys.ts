import type { CancelReason } from '@orderflow/contracts/order';
import type { Card, Customers } from './customers.ts';
import { RESERVATION_SECONDS } from './release.ts';
import { until } from './until.ts';

type Journey = {
  name: string;
  card?: Card;
  end: 'PAID' | 'CANCELLED';
  reason?: CancelReason;
  seconds: number;
};

const journeys: Journey[] = [
  { name: 'an order is paid', card: 'pm_card_visa', end: 'PAID', seconds: 30 },
  {
    name: 'a declined card cancels the order',
    card: 'pm_card_chargeDeclined',
    end: 'CANCELLED',
    reason: 'payment_declined',
    seconds: 30,
  },
  {
    name: 'an order that nobody pays expires',
    end: 'CANCELLED',
    reason: 'reservation_expired',
    seconds: RESERVATION_SECONDS + 30,
  },
];

export type JourneyResult = { name: string; orderId?: string; wrong?: string };

/** Goes every journey through the gateway, all at once. */
export const goJourneys = (customers: Customers, signal: AbortSignal): Promise<JourneyResult[]> =>
  Promise.all(
    journeys.map(async ({ name, card, end, reason, seconds }) => {
      let orderId: string | undefined;
      try {
        const { id } = await customers.placeOrder(card);
        orderId = id;
        const ended = async () => {
          const order = await customers.readOrder(id);
          if (order.status !== end || (reason && order.cancelReason !== reason)) {
            throw new Error(`Order ${id} is ${order.status} ${order.cancelReason ?? ''}`);
          }
        };
        await until(name, ended, { seconds, signal });
        return { name, orderId };
      } catch (error) {
        signal.throwIfAborted();
        return { name, orderId, wrong: String(error) };
      }
    }),
  );
