import type { InvariantName } from '@orderflow/contracts/invariants';
import {
  messagesMatchEvents,
  ordersMatchEvents,
  paymentsMatchEvents,
  productsMatchEvents,
  reservationsMatchEvents,
} from './event-rules.ts';
import type { Finding } from './finding.ts';
import {
  consumersKeepUp,
  eventsAreAsWritten,
  eventsArrive,
  eventsHaveNoHoles,
  noDeadLetters,
  outboxesDrain,
} from './flow-rules.ts';
import {
  customersAreTold,
  mailArrivesAsWritten,
  mailWasAskedFor,
  oneMessagePerEvent,
} from './message-rules.ts';
import {
  bankAgreesWithPayment,
  chargesNameOrders,
  everyChargeHasItsOrder,
  moneyIsWhatOrdersOwe,
  noBlockedPayments,
  oneChargePerOrder,
} from './money-rules.ts';
import { ordersEndInTime } from './order-rules.ts';
import { rowsAreReadable } from './readable-rules.ts';
import {
  oneMovementPerReservation,
  reservationsMatchOrders,
  stockColumnsMatchLedger,
} from './stock-rules.ts';
import { type Kind, keyOf, type Things } from './things.ts';

/** Each ledger, and whose it is: of one service, or of all that have one of the name. */
export const ledgers = {
  orders: 'order',
  reservations: 'inventory',
  payments: 'payment',
  charges: 'bank',
  messages: 'notification',
  deliveries: 'postbox',
  mails: 'postbox',
  stock: 'inventory',
  products: 'order',
  strays: 'bank',
  events: 'every producer',
  backlog: 'every service',
  /** The part of the backlogs that is in Redis. */
  pending: 'every service',
  'recorded events': 'auditor',
} as const;
export type LedgerName = keyof typeof ledgers;

type Row<K extends Kind> = {
  name: InvariantName;
  sentence: string;
  about: K;
  /** It is checked where these are, and unknown while one of them cannot be read. */
  reads: readonly LedgerName[];
  /** Besides, where there is one. */
  alsoReads?: readonly LedgerName[];
  /** What a violation is about; the thing's own name unless told otherwise. */
  subject?: (thing: Things[K]) => string;
  /** What is not as it should be in the end about a thing. */
  off: (thing: Things[K]) => Finding[];
  /** It is about rows that cannot be read; all others are not judged where they read such a row. */
  ofUnreadable?: true;
};
export type Invariant = { [K in Kind]: Row<K> }[Kind];

/**
 * What holds in OrderFlow whatever breaks. The rows that a violation names are those of the ledgers read. What is read
 * of orders begins with the order service's own ledger, so that every row about them reads it.
 */
export const invariants: readonly Invariant[] = [
  {
    name: 'orders-end-in-time',
    sentence:
      'Every accepted order is at its end, or waits lawfully for its seller or, up to its deadline, its money.',
    about: 'order',
    reads: ['orders', 'payments'],
    off: ordersEndInTime,
  },
  {
    name: 'money-is-what-orders-owe',
    sentence: 'What was captured and not refunded, by the ledger of payment, is what the order owes.',
    about: 'order',
    reads: ['orders', 'payments'],
    off: moneyIsWhatOrdersOwe,
  },
  {
    name: 'bank-agrees-with-payment',
    sentence: 'The bank moved for each order what payment wrote down.',
    about: 'order',
    reads: ['orders', 'payments', 'charges'],
    off: bankAgreesWithPayment,
  },
  {
    name: 'one-charge-per-order',
    sentence: 'The bank charged an order once at most, and refunded it once at most.',
    about: 'order',
    reads: ['orders', 'charges'],
    off: oneChargePerOrder,
  },
  {
    name: 'no-blocked-payments',
    sentence:
      'No charge or refund is refused for good by the provider while nobody has decided what is to become of it.',
    about: 'order',
    reads: ['orders', 'payments'],
    off: noBlockedPayments,
  },
  {
    name: 'every-charge-has-its-order',
    sentence: 'Whatever the bank charged for is an order.',
    about: 'order',
    reads: ['orders', 'charges'],
    off: everyChargeHasItsOrder,
  },
  {
    name: 'charges-name-orders',
    sentence: 'The bank moved no money with a reference that is no id of an order.',
    about: 'bank',
    reads: ['strays'],
    off: chargesNameOrders,
  },
  {
    name: 'rows-of-orders-are-readable',
    sentence: 'Each row about an order has values that its ledger can tell of.',
    about: 'order',
    reads: ['orders', 'reservations', 'payments', 'messages'],
    alsoReads: ['charges', 'deliveries'],
    off: rowsAreReadable,
    ofUnreadable: true,
  },
  {
    name: 'rows-of-products-are-readable',
    sentence: 'Each row about a product has values that its ledger can tell of.',
    about: 'product',
    reads: ['stock', 'products'],
    off: rowsAreReadable,
    ofUnreadable: true,
  },
  {
    name: 'orders-match-events',
    sentence: 'Each order is what its recorded events say: customer, lines, prices, state.',
    about: 'order',
    reads: ['orders', 'recorded events'],
    off: ordersMatchEvents,
  },
  {
    name: 'reservations-match-events',
    sentence: 'Each reservation and its movements are what the recorded events say.',
    about: 'order',
    reads: ['orders', 'reservations', 'recorded events'],
    off: reservationsMatchEvents,
  },
  {
    name: 'payments-match-events',
    sentence: 'Each payment is what the recorded events say: customer, amount, state, references.',
    about: 'order',
    reads: ['orders', 'payments', 'recorded events'],
    off: paymentsMatchEvents,
  },
  {
    name: 'messages-match-events',
    sentence:
      'Each recorded event that customers are told of has its messages, to their address, and they are sent.',
    about: 'order',
    reads: ['orders', 'messages', 'recorded events'],
    off: messagesMatchEvents,
  },
  {
    name: 'mail-arrives-as-written',
    sentence: 'What arrived is what was written: each message once, to its recipient, with its words.',
    about: 'order',
    reads: ['orders', 'messages', 'deliveries'],
    off: mailArrivesAsWritten,
  },
  {
    name: 'mail-about-no-order-was-asked-for',
    sentence:
      'What arrived about no order is a mail about an account that an event asks for, at its address.',
    about: 'mail',
    reads: ['mails', 'recorded events'],
    off: mailWasAskedFor,
  },
  {
    name: 'products-match-events',
    sentence: 'Each product, and the copy that orders are priced by, is what its last recorded event says.',
    about: 'product',
    reads: ['stock', 'products', 'recorded events'],
    off: productsMatchEvents,
  },
  {
    name: 'stock-columns-match-ledger',
    sentence:
      'What is received, on hand, reserved and shipped of a product is what its movements and holds come to.',
    about: 'product',
    reads: ['stock'],
    off: stockColumnsMatchLedger,
  },
  {
    name: 'reservations-match-orders',
    sentence: 'What is held, booked out or given back is what the state of its order asks for.',
    about: 'order',
    reads: ['orders', 'reservations'],
    off: reservationsMatchOrders,
  },
  {
    name: 'one-movement-per-reservation',
    sentence: 'A reservation moved each of its items once in, and once out.',
    about: 'order',
    reads: ['orders', 'reservations'],
    off: oneMovementPerReservation,
  },
  {
    name: 'one-message-per-event',
    sentence: 'An event is told of once in each channel, and arrives once.',
    about: 'order',
    reads: ['orders', 'messages'],
    alsoReads: ['deliveries'],
    off: oneMessagePerEvent,
  },
  {
    name: 'customers-are-told',
    sentence: 'What a customer is to hear about an order was written, sent, and arrived.',
    about: 'order',
    reads: ['orders', 'payments', 'messages'],
    alsoReads: ['deliveries'],
    off: customersAreTold,
  },
  {
    name: 'events-have-no-holes',
    sentence: 'The events of one source about one subject are numbered without holes and repeats.',
    about: 'sequence',
    reads: ['recorded events'],
    off: eventsHaveNoHoles,
  },
  {
    name: 'events-arrive',
    sentence: 'Every event in an outbox is recorded by the auditor soon after.',
    about: 'event',
    reads: ['events', 'recorded events'],
    off: eventsArrive,
  },
  {
    name: 'events-are-as-written',
    sentence: 'Every event that an outbox still has is recorded by the auditor with the same content.',
    about: 'event',
    reads: ['events', 'recorded events'],
    off: eventsAreAsWritten,
  },
  {
    name: 'outboxes-drain',
    sentence: 'No event waits long to be published.',
    about: 'service',
    reads: ['backlog'],
    subject: (service) => `outbox of ${keyOf.service(service)}`,
    off: outboxesDrain,
  },
  {
    name: 'consumers-keep-up',
    sentence: 'No event waits long to be handled, retries included.',
    about: 'service',
    reads: ['backlog', 'pending'],
    subject: (service) => `events for ${keyOf.service(service)}`,
    off: consumersKeepUp,
  },
  {
    name: 'no-dead-letters',
    sentence: 'No event was given up on.',
    about: 'service',
    reads: ['backlog'],
    subject: (service) => `dead letters of ${keyOf.service(service)}`,
    off: noDeadLetters,
  },
];

/** The ledgers that an invariant reads here: where there is a postbox, its too. */
export const readsOf = ({ reads, alsoReads = [] }: Invariant, present: (ledger: LedgerName) => boolean) => [
  ...reads,
  ...alsoReads.filter(present),
];

/** Those that can be checked here: all of their ledgers exist. */
export const checkable = (present: (ledger: LedgerName) => boolean): Invariant[] =>
  invariants.filter(({ reads }) => reads.every(present));

export const describeLedger = (ledger: LedgerName): string => `${ledger} of ${ledgers[ledger]}`;
