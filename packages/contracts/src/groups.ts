import { type EventType, producers, type ServiceName, streamOf } from './events.ts';

/**
 * Which service listens to which events: the consumer groups of every stream.
 * A producer trims its stream below what all of them have acknowledged, so a group must be known here
 * before it exists in Redis. A test in each service holds its handlers against this table.
 */
export const subscriptions = {
  order: [
    'product.changed',
    'inventory.reserved',
    'inventory.rejected',
    'inventory.expired',
    'payment.captured',
    'payment.declined',
    'payment.voided',
    'payment.refunded',
    'payment.changed-at-provider',
  ],
  inventory: ['order.confirmation-requested', 'order.paid', 'order.cancelled', 'order.shipped'],
  payment: ['order.confirmed', 'order.charge-requested', 'order.cancelled'],
  notification: [
    'order.placed',
    'order.confirmed',
    'order.paid',
    'order.shipped',
    'order.fulfilled',
    'order.cancelled',
    'payment.refunded',
    'account.mail-requested',
  ],
  customer: ['order.placed'],
  /** The auditor keeps all there is, the types it has never heard of too. */
  auditor: 'all',
} as const satisfies Record<string, readonly EventType[] | 'all'>;

export type Group = keyof typeof subscriptions;
export const groups = Object.keys(subscriptions) as Group[];

/**
 * Groups that no order waits for. When one of them lags until Redis fills up it is cut loose: the stream is trimmed
 * without it, and it reads what it misses from the outboxes.
 */
export const backgroundGroups: readonly Group[] = ['auditor'];

/** The streams a consumer group reads. */
export function streamsOf(group: Group): ServiceName[] {
  const types = subscriptions[group];
  return types === 'all' ? [...producers] : [...new Set(types.map(streamOf))];
}

/** The consumer groups that read a stream. */
export const groupsOf = (stream: ServiceName): Group[] =>
  groups.filter((group) => streamsOf(group).includes(stream));

/** The groups that act on an event type. */
export const consumersOf = (type: EventType): Group[] =>
  groups.filter((group) => {
    const types: readonly EventType[] | 'all' = subscriptions[group];
    return types === 'all' || types.includes(type);
  });
