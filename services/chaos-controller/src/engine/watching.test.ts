import { describe, expect, test } from 'vitest';
import {
  drillOf,
  inPhase,
  killSwitch,
  lasting,
  type SpecInput,
  verdictOf,
} from '../../test/engine-drills.ts';
import { drive, goodLook, goodOutcome } from '../../test/engine-world.ts';
import type { Look } from '../engine.ts';

describe('a running drill is aborted and its fault undone', () => {
  const bad = { good: 5, bad: 5 };
  test.each<[string, Partial<Look>, SpecInput]>([
    ['KillSwitch', { killSwitch }, {}],
    ['AbortAsked', { abortAsked: 'Ended by admin:1: enough' }, {}],
    ['TurnLost', { turn: 'lost' }, {}],
    ['TurnLost', { turn: 'unknown' }, {}],
    [
      'Blind',
      { gateway: false, invariants: 'unreachable' },
      { abortWhen: { objective: 0.99, windowSeconds: 60, blindSeconds: 5 } },
    ],
    [
      'BurnRate',
      { orders: { ...goodLook(drillOf(), 0).orders, tries: bad } },
      { abortWhen: { burnRate: 14.4, objective: 0.99, windowSeconds: 60, blindSeconds: 60 } },
    ],
  ])('by %s', (reason, look, spec) => {
    const { drill, done } = drive(drillOf({ ...lasting, ...spec }), {
      look: inPhase('Observing', () => look),
    });
    expect(verdictOf(drill)).toMatchObject({ phase: 'Aborted', reason });
    expect(done.map(({ effect }) => effect.do)).toContain('cut');
    expect(done.filter(({ phase }) => phase === 'Observing').map(({ effect }) => effect.do)).toEqual([
      'undo',
      'stop-orders',
      'tally',
      'end-turn',
    ]);
    expect(drill.undone).toBe(true);
  });

  const some = goodLook(drillOf(), 0).orders;
  const asked = (at: number) => ({ abortAsked: at > 0 ? 'enough' : null });

  test('and its orders have a while to come to their end before they are counted', () => {
    let decidedAt = 0;
    let countedAt = 0;
    const { drill, effects } = drive(drillOf(lasting), {
      look: inPhase('Observing', ({ ending }, at) => {
        decidedAt = ending?.decidedAt ?? 0;
        return { ...asked(at), orders: { ...some, open: at - decidedAt < 12_000 ? 4 : 0 } };
      }),
      outcome: (effect, _drill, at) => {
        if (effect.do === 'tally') countedAt = at;
        return goodOutcome(effect);
      },
    });
    expect(verdictOf(drill)).toEqual({ phase: 'Aborted', reason: 'AbortAsked', message: 'enough' });
    expect(countedAt - decidedAt).toBe(12_000);
    expect(effects.slice(-4).filter((effect) => effect !== 'tell')).toEqual([
      'stop-orders',
      'tally',
      'end-turn',
    ]);
  });

  test.each([
    [120, 30],
    [10, 10],
  ])('and of %d s in which they are to settle orders get at most %d s', (settleWithinSeconds, seconds) => {
    const counted: number[] = [];
    const { drill } = drive(drillOf({ ...lasting, settleWithinSeconds }), {
      look: inPhase('Observing', (_drill, at) => ({ ...asked(at), orders: { ...some, open: 1 } })),
      outcome: (effect, { ending }, at) => {
        if (effect.do === 'tally') counted.push((at - ending!.decidedAt) / 1000);
        return goodOutcome(effect);
      },
    });
    expect(drill.phase).toBe('Aborted');
    expect(counted).toEqual([seconds]);
  });

  test('a burn rate below the limit, or of few tries, is none', () => {
    const abortWhen = { burnRate: 14.4, objective: 0.99, windowSeconds: 60, blindSeconds: 60 };
    const { orders } = goodLook(drillOf(), 0);
    for (const tries of [
      { good: 90, bad: 10 },
      { good: 0, bad: 4 },
    ]) {
      const { drill } = drive(drillOf({ ...lasting, abortWhen }), {
        look: inPhase('Observing', () => ({ orders: { ...orders, tries } })),
        until: ({ phase }) => phase === 'Recovering',
      });
      expect(drill.phase).toBe('Recovering');
    }
  });
});

describe('the first sign of a fault', () => {
  const bank = { fault: { type: 'bank', forSeconds: 30, bank: { hang: true } } };
  const { orders } = goodLook(drillOf(), 0);
  /** Orders that end so far apart before the fault, and as `during` says while it lasts. */
  const detectedIn = (
    gapMs: number,
    during: (lastAt: number, at: number) => Partial<Look['orders']>,
    before: Partial<Look['orders']> = {},
  ) =>
    drive(drillOf({ ...bank, steadySeconds: 30 }), {
      look: (drill, at) => {
        if (drill.phase === 'SteadyState') {
          const lastAt = at - (at % gapMs);
          const lastEnds = [lastAt - gapMs, lastAt].map((end) => ({
            at: end,
            cancelled: false,
            tookMs: 200,
          }));
          return {
            orders: { ...orders, lastEnds, lastEnd: { askedAt: lastAt, endedAt: lastAt }, ...before },
          };
        }
        if (!['Injecting', 'Observing'].includes(drill.phase) || drill.injectedAt === null) return {};
        return { orders: { ...orders, ...during(drill.injectedAt, at) } };
      },
    }).drill;
  const stopped = (lastAt: number) => ({
    lastEnds: [{ at: lastAt, cancelled: false, tookMs: 200 }],
    openSince: lastAt + 100,
  });

  test('is that no order comes to its end for longer than three seconds, where they came often', () => {
    const drill = detectedIn(500, stopped);
    expect(drill.detected).toEqual({ after: 4, by: 'orders stopped coming to their end' });
    expect(drill.timeline.map(({ what }) => what)).toContain(
      'The first sign of it: orders stopped coming to their end.',
    );
  });

  test('is that none comes for three times the longest gap before the fault, where they came seldom', () => {
    const { after } = detectedIn(4_000, stopped).detected!;
    expect(after).toBeGreaterThan(12);
    expect(after).toBeLessThanOrEqual(14);
  });

  test('is not that none comes while none was asked for, nor one that was asked for just now', () => {
    expect(detectedIn(500, (lastAt) => ({ ...stopped(lastAt), openSince: null })).detected).toBeNull();
    expect(
      detectedIn(500, (lastAt, at) => ({ ...stopped(lastAt), openSince: at - 900 })).detected,
    ).toBeNull();
  });

  const ends = (cancelled: number) => ({
    cancelled,
    lastEnds: Array.from({ length: 10 }, (_, i) => ({ at: i, cancelled: i < cancelled, tookMs: 200 })),
  });

  test('is that two of ten orders are cancelled, where none was', () => {
    expect(detectedIn(500, () => ends(2)).detected).toEqual({ after: 1, by: 'orders are being cancelled' });
    expect(detectedIn(500, () => ends(1)).detected).toBeNull();
    expect(detectedIn(500, () => ends(2), { cancelled: 1 }).detected).toBeNull();
  });

  const slow = (count: number, tookMs: number) => ({
    lastEnds: Array.from({ length: 10 }, (_, i) => ({
      at: i,
      cancelled: false,
      tookMs: i < count ? tookMs : 200,
    })),
  });

  test('is that three of ten orders take over a second, and three times as long as the slowest before', () => {
    const { detected } = detectedIn(500, () => slow(3, 1_100));
    expect(detected).toEqual({ after: 1, by: 'orders take longer to their end' });
    expect(detectedIn(500, () => slow(2, 1_100)).detected).toBeNull();
    expect(detectedIn(500, () => slow(3, 900)).detected).toBeNull();
    expect(detectedIn(500, () => slow(3, 1_100), slow(1, 400)).detected).toBeNull();
  });
});
