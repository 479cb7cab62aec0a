/** What the order of events rests on. */
export type Told = {
  eventId: string;
  causationId: string | null;
  source: string;
  subject: string;
  sequence: number;
  time: Date;
};

/**
 * Events as they followed from one another. Clocks of different machines disagree, so time alone could show an
 * answer before its question: what caused an event, and what its source said of the same subject before, come first.
 * Among the rest the earlier comes first.
 */
export function inCausalOrder<T extends Told>(events: T[]): T[] {
  const waiting = events.toSorted(byTime);
  const ordered: T[] = [];
  while (waiting.length > 0) {
    const free = waiting.findIndex((event) => !waiting.some((other) => precedes(other, event)));
    // Two that claim to cause each other are both wrong; time decides.
    ordered.push(...waiting.splice(Math.max(free, 0), 1));
  }
  return ordered;
}

const byTime = (a: Told, b: Told): number =>
  a.time.getTime() - b.time.getTime() || compare(a.source, b.source) || a.sequence - b.sequence;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const precedes = (other: Told, event: Told): boolean =>
  other.eventId === event.causationId ||
  (other.source === event.source && other.subject === event.subject && other.sequence < event.sequence);
