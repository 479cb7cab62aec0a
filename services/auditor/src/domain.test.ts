import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inCausalOrder, type Told } from './domain.ts';

const told = (eventId: string, at: number, changes: Partial<Told> = {}): Told => ({
  eventId,
  causationId: null,
  source: 'order',
  subject: eventId,
  sequence: 1,
  time: new Date(at),
  ...changes,
});

const idsOf = (events: Told[]) => inCausalOrder(events).map((event) => event.eventId);

test('events are in order of time', () => {
  expect(idsOf([told('late', 3), told('early', 1), told('middle', 2)])).toEqual(['early', 'middle', 'late']);
});

test('an answer comes after its question even when the clock of the one who asked is ahead', () => {
  const placed = told('placed', 1_000);
  const reserved = told('reserved', 400, { source: 'inventory', causationId: 'placed' });
  const confirmed = told('confirmed', 1_005, { subject: 'placed', sequence: 2, causationId: 'reserved' });
  expect(idsOf([confirmed, reserved, placed])).toEqual(['placed', 'reserved', 'confirmed']);
});

test('what one source says of one subject in the same millisecond is in the order of its sequence', () => {
  const events = [3, 1, 2].map((sequence) => told(`e${sequence}`, 7, { subject: 'o', sequence }));
  expect(idsOf(events)).toEqual(['e1', 'e2', 'e3']);
});

test('events that claim to cause each other are all shown', () => {
  const events = [
    told('a', 1, { causationId: 'b' }),
    told('b', 2, { causationId: 'a' }),
    told('c', 3, { causationId: 'c' }),
  ];
  expect(idsOf(events)).toEqual(['a', 'b', 'c']);
});

test('whatever the clocks say and in whatever order events came, none is lost and none precedes its cause', () => {
  const saga = fc
    .array(fc.record({ at: fc.nat(5), cause: fc.nat(), source: fc.constantFrom('order', 'payment') }), {
      maxLength: 12,
    })
    .map((drafts) => {
      const sequences = { order: 0, payment: 0 };
      return drafts.map(({ at, cause, source }, i) => {
        sequences[source as 'order' | 'payment'] += 1;
        return told(`e${i}`, at, {
          source,
          subject: 'o',
          sequence: sequences[source as 'order' | 'payment'],
          causationId: i > 0 ? `e${cause % i}` : null,
        });
      });
    })
    .chain((events) => fc.shuffledSubarray(events, { minLength: events.length }));
  fc.assert(
    fc.property(saga, (events) => {
      const ordered = inCausalOrder(events);
      expect(new Set(ordered)).toEqual(new Set(events));
      expect(ordered).toHaveLength(events.length);
      const place = new Map(ordered.map((event, i) => [event.eventId, i]));
      for (const event of ordered) {
        if (event.causationId) {
          expect(place.get(event.causationId)).toBeLessThan(place.get(event.eventId)!);
        }
      }
    }),
  );
});
