import { z } from 'zod';
import { accountMail } from './auth.ts';
import { type Envelope, envelope, schemaUrn } from './envelope.ts';
import { money } from './money.ts';
import {
  address,
  cancelReason,
  confirmation,
  disputeStatus,
  orderItem,
  orderLine,
  orderStatus,
  paymentMethod,
  phone,
} from './order.ts';
import { emailAddress } from './text.ts';

const orderId = z.uuid();

/**
 * Where an event leaves its order and where the order was before, null when there was none. The last release does not write
 * them: they may be required in the next one.
 */
const move = { previousStatus: orderStatus.nullable().optional(), status: orderStatus.optional() };

const charge = z.object({ orderId, paymentId: z.uuid(), amount: money });

/**
 * Every event of the system: its version, who produces it, and what its `data` holds.
 * `docs/architecture.md` shows this table with its consumers; `npm run check` fails when they differ.
 */
export const events = {
  'product.changed': {
    version: 1,
    source: 'inventory',
    when: 'a product is created, edited or withdrawn',
    data: z.object({
      productId: z.uuid(),
      sku: z.string(),
      name: z.string(),
      price: money,
      sellerId: z.string(),
      active: z.boolean(),
    }),
  },
  'order.placed': {
    version: 1,
    source: 'order',
    when: 'an order is accepted, PENDING',
    data: z.object({
      orderId,
      customer: z.object({ id: z.uuid(), name: z.string(), email: emailAddress, phone: phone.optional() }),
      sellerId: z.string(),
      items: z.array(orderLine).min(1),
      total: money,
      shippingAddress: address.optional(),
      confirmation,
      guest: z.boolean(),
      ...move,
    }),
  },
  'order.confirmation-requested': {
    version: 1,
    source: 'order',
    when: 'at once (automatic) or when the seller confirms',
    data: z.object({ orderId, items: z.array(orderItem).min(1), ...move }),
  },
  'inventory.reserved': {
    version: 1,
    source: 'inventory',
    when: 'all items of the order are held until `expiresAt`',
    data: z.object({ orderId, expiresAt: z.iso.datetime(), items: z.array(orderItem) }),
  },
  'inventory.rejected': {
    version: 1,
    source: 'inventory',
    when: 'at least one item cannot be held; nothing is',
    data: z.object({
      orderId,
      shortages: z.array(z.object({ productId: z.uuid(), requested: z.int(), available: z.int() })).min(1),
    }),
  },
  'inventory.expired': {
    version: 1,
    source: 'inventory',
    when: 'a hold ran out unpaid; it stays held until the order answers with its cancellation',
    data: z.object({ orderId }),
  },
  'inventory.released': {
    version: 1,
    source: 'inventory',
    when: 'the items of a cancelled order went back',
    data: z.object({ orderId, items: z.array(orderItem) }),
  },
  'inventory.shipped': {
    version: 1,
    source: 'inventory',
    when: 'the items of a shipped order were booked out',
    data: z.object({ orderId, items: z.array(orderItem) }),
  },
  'order.confirmed': {
    version: 1,
    source: 'order',
    when: 'the stock is held; with a test card, or for free, it is charged now, otherwise it is due',
    data: z.object({
      orderId,
      customerId: z.uuid(),
      sellerId: z.string(),
      total: money,
      /** A public test card. A method of the customer's is in no event; before it was, and is taken in still. */
      paymentMethod: paymentMethod.nullable(),
      /** A method of the customer's came with the order: `order.charge-requested` follows. */
      chargedAtOnce: z.boolean().optional(),
      expiresAt: z.iso.datetime(),
      ...move,
    }),
  },
  'order.charge-requested': {
    version: 1,
    source: 'order',
    when: 'the stock is held, and the order came with a payment method of its customer',
    data: z.object({
      orderId,
      customerId: z.uuid(),
      sellerId: z.string(),
      total: money,
      /** For payment alone to open, with the order as its context. */
      sealedMethod: z.string(),
      ...move,
    }),
  },
  'payment.captured': {
    version: 1,
    source: 'payment',
    when: "the provider's yes is written down",
    data: charge.extend({ providerReference: z.string() }),
  },
  'payment.declined': {
    version: 1,
    source: 'payment',
    when: "the provider's no is written down",
    data: charge.extend({ code: z.string(), message: z.string() }),
  },
  'payment.voided': {
    version: 1,
    source: 'payment',
    when: 'the order was cancelled before anything was charged',
    data: charge,
  },
  'payment.refunded': {
    version: 1,
    source: 'payment',
    when: 'the money of a cancelled order is back',
    data: charge.extend({ providerReference: z.string() }),
  },
  'payment.blocked': {
    version: 1,
    source: 'payment',
    when: 'the provider refuses a charge or a refund for good; a person has to decide',
    data: charge.extend({ call: z.enum(['charge', 'refund']), code: z.string(), message: z.string() }),
  },
  'payment.resolved': {
    version: 1,
    source: 'payment',
    when: 'a person has decided about a blocked payment',
    data: charge.extend({
      call: z.enum(['charge', 'refund']),
      outcome: z.enum(['retry', 'captured', 'declined', 'refunded']),
      reference: z.string().optional(),
      reason: z.string(),
    }),
  },
  'payment.changed-at-provider': {
    version: 1,
    source: 'payment',
    when: 'somebody refunded or disputed the charge at the provider; it says what holds now',
    data: charge.extend({
      /** By hand, in all: without what we refunded ourselves. */
      refunded: money,
      dispute: z.object({ reference: z.string(), status: disputeStatus, amount: money }).nullable(),
    }),
  },
  'order.paid': {
    version: 1,
    source: 'order',
    when: 'the payment arrived; the hold no longer expires',
    data: z.object({ orderId, total: money, ...move }),
  },
  'order.shipped': {
    version: 1,
    source: 'order',
    when: 'the seller handed the items to the carrier',
    data: z.object({ orderId, trackingNumber: z.string().optional(), ...move }),
  },
  'order.fulfilled': {
    version: 1,
    source: 'order',
    when: 'the customer has the items',
    data: z.object({ orderId, ...move }),
  },
  'order.cancelled': {
    version: 1,
    source: 'order',
    when: 'the order ends early; stock and money go back',
    data: z.object({ orderId, reason: cancelReason, message: z.string().optional(), ...move }),
  },
  'notification.sent': {
    version: 1,
    source: 'notification',
    when: 'the mail server or the SMS gateway took a message',
    data: z.object({ orderId, messageId: z.uuid(), channel: z.enum(['email', 'sms']), template: z.string() }),
  },
  'customer.created': {
    version: 1,
    source: 'customer',
    when: 'a customer record is made, by hand or from a guest order',
    data: z.object({ customerId: z.uuid(), name: z.string(), guest: z.boolean() }),
  },
  'account.password-changed': {
    version: 1,
    source: 'customer',
    when: 'the password of an account is changed by its owner, or reset by mail; other sessions end',
    data: z.object({ accountId: z.uuid(), how: z.string() }),
  },
  'account.sessions-ended': {
    version: 1,
    source: 'customer',
    when: 'somebody ends one of their sessions, or all',
    data: z.object({ accountId: z.uuid(), sessionId: z.uuid().optional() }),
  },
  'account.access-changed': {
    version: 1,
    source: 'customer',
    when: 'an admin disables an account, or enables it again',
    data: z.object({ accountId: z.uuid(), enabled: z.boolean(), reason: z.string().optional() }),
  },
  'account.mail-requested': {
    version: 1,
    source: 'customer',
    when: 'somebody registers or asks for a new password, or a password was changed',
    data: z.object({
      template: accountMail,
      email: z.string(),
      /** The account it is about, if there is one. */
      accountId: z.uuid().optional(),
      /** The code in the mail is made from it, with a secret that no event carries. */
      ticket: z.uuid().optional(),
      /** When the code expires. */
      expiresAt: z.iso.datetime().optional(),
    }),
  },
} as const satisfies Record<string, { version: number; source: ServiceName; when: string; data: z.ZodType }>;

/** Services that produce events; each has one stream, named after it. */
export const producers = ['order', 'inventory', 'payment', 'notification', 'customer'] as const;
export type ServiceName = (typeof producers)[number];

export type EventType = keyof typeof events;
export type EventData<T extends EventType> = z.infer<(typeof events)[T]['data']>;

/** An event as handlers see it: the envelope with the payload of its type. A union over `T`. */
export type Event<T extends EventType = EventType> = T extends EventType
  ? Omit<Envelope, 'type' | 'data'> & { type: T; data: EventData<T> }
  : never;

/** The stream that carries an event type. */
export const streamOf = (type: EventType): ServiceName => events[type].source;

export const isEventType = (type: string): type is EventType => Object.hasOwn(events, type);

export const dataschemaOf = (type: EventType) => schemaUrn(type, events[type].version);

/** Why an entry of a stream cannot be handled by this version of the code, and never will be. */
export class UnreadableEvent extends Error {
  override name = 'UnreadableEvent';
}

/**
 * Reads an entry of a stream.
 *
 * Gives the event, or `undefined` when its type is not one that `wanted` lists (others may make new types
 * at any time). Throws `UnreadableEvent` when it is not JSON, not an envelope, of a version this code
 * does not know, or when its data does not fit its schema.
 */
export function readEvent(body: string, wanted: (type: string) => boolean = isEventType): Event | undefined {
  const parsed = envelope.safeParse(parseJson(body));
  if (!parsed.success) throw new UnreadableEvent(`not an envelope: ${z.prettifyError(parsed.error)}`);
  const { type, dataschema, data } = parsed.data;
  if (!wanted(type) || !isEventType(type)) return undefined;
  if (dataschema !== dataschemaOf(type)) {
    throw new UnreadableEvent(
      `${type} has the schema ${dataschema}; this consumer knows ${dataschemaOf(type)}`,
    );
  }
  const payload = events[type].data.safeParse(data);
  if (!payload.success) throw new UnreadableEvent(`${type} has bad data: ${z.prettifyError(payload.error)}`);
  return { ...parsed.data, type, data: payload.data } as Event;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnreadableEvent('not JSON');
  }
}
