import type { Backlog } from '@orderflow/contracts/ledgers';
import { type Finding, never, underWay } from './finding.ts';
import type { Sequence, ServiceBacklog, WrittenEvent } from './things.ts';

/** One source's events about one subject are numbered 1, 2, 3 … */
export function eventsHaveNoHoles({
  source,
  subject,
  events,
  distinct,
  last,
  recordedAt,
  madeAt,
}: Sequence): Finding[] {
  if (events !== distinct) {
    return never(`${events} events of ${source} about ${subject} have ${distinct} numbers between them.`);
  }
  if (events === last) return [];
  return underWay(
    `${events} events of ${source} about ${subject} are recorded, the last is number ${last}.`,
    [recordedAt, madeAt],
  );
}

export const eventsArrive = ({ source, id, type, kept, writtenAt }: WrittenEvent): Finding[] =>
  kept ? [] : underWay(`${source} wrote the event ${id}, ${type}, and it is not recorded.`, [writtenAt]);

export const eventsAreAsWritten = ({
  source,
  id,
  type,
  kept,
  digest,
  recordedDigest,
}: WrittenEvent): Finding[] =>
  !kept || digest === recordedDigest
    ? []
    : never(`The event ${id} of ${source}, ${type}, differs between its outbox and what is recorded.`);

type Heap = Backlog['outbox'];

const waiting = ({ count, oldest, some }: Heap, what: string): Finding[] =>
  count === 0 || oldest === null
    ? []
    : underWay(`${count} ${what}, the oldest since ${oldest}: ${some.join(', ')}.`, [Date.parse(oldest)]);

export const outboxesDrain = ({ backlog }: ServiceBacklog): Finding[] =>
  waiting(backlog.outbox, 'events are not published');

/** Without Redis nobody knows what is pending there: the auditor then counts the backlog as not read. */
export const consumersKeepUp = ({ backlog }: ServiceBacklog): Finding[] => [
  ...(backlog.pending ? waiting(backlog.pending, 'events are not handled') : []),
  ...waiting(backlog.retries, 'events wait for another attempt'),
];

export const noDeadLetters = ({ backlog: { deadLetters } }: ServiceBacklog): Finding[] =>
  deadLetters.count === 0
    ? []
    : never(`${deadLetters.count} events were given up on: ${deadLetters.some.join(', ')}.`);
