import { randomUUID } from 'node:crypto';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import type { Driver, Instance } from '../src/driver.ts';

/** A place with something in it to take away, as seen by two drivers. */
export type World = {
  driver: Driver;
  /** Of the controller that follows when the first one died: it has nothing but what the world remembers. */
  successor: Driver;
  /** Has at least one instance, lets drills have it, and nobody else aims at it. */
  target: DrillTarget;
  /** Puts another instance in the place of this one, under the same name, and comes back when it is ready. */
  replace(instance: Instance): Promise<void>;
  /** Whether nobody reaches the target, although it is there. */
  isCut(): Promise<boolean>;
  /** How long a turn is kept for a controller that no longer says that it is there. */
  turnMs: number;
  /** How long the world may take for anything. */
  patienceMs: number;
};

/** What every driver must do, tried on a real one. `world` may give the same place each time: the suite leaves it as it was. */
export function testDriver(name: string, world: () => World | Promise<World>, timeoutMs = 60_000): void {
  const drillTest = (what: string, body: (world: World & Helpers) => Promise<void>) =>
    test(
      `${name}: ${what}`,
      async () => {
        const given = await world();
        await body({ ...given, ...helpersFor(given) });
      },
      timeoutMs,
    );

  drillTest('shows the instances that are ready, and that they may be had', async ({ ready }) => {
    const { namespace, wanted, instances } = await ready();
    expect(namespace).not.toBe('');
    expect(instances).toHaveLength(wanted);
    expect(instances.map(({ optedIn }) => optedIn)).not.toContain(false);
    expect(new Set(instances.map(({ uid }) => uid)).size).toBe(wanted);
  });

  for (const how of ['evict', 'delete', 'crash'] as const) {
    drillTest(`${how} takes the instance away; another comes, with a uid of its own`, async (place) => {
      const { instances } = await place.ready();
      expect(await place.driver.remove(instances[0]!, how)).toEqual({ outcome: 'removed' });
      await place.until(async () => {
        const now = await place.ready();
        expect(now.instances.map(({ uid }) => uid)).not.toContain(instances[0]!.uid);
      });
    });
  }

  drillTest('an instance that was replaced under its name is gone, and the new one lives', async (place) => {
    const chosen = (await place.ready()).instances[0]!;
    await place.replace(chosen);
    const after = await place.ready();
    for (const how of ['evict', 'delete', 'crash'] as const) {
      expect(await place.driver.remove(chosen, how)).toEqual({ outcome: 'gone' });
    }
    expect((await place.ready()).instances).toEqual(after.instances);
  });

  drillTest('to take one instance away twice does no more than once', async (place) => {
    const chosen = (await place.ready()).instances[0]!;
    expect(await place.driver.remove(chosen, 'crash')).toEqual({ outcome: 'removed' });
    const again = await place.successor.remove(chosen, 'crash');
    expect(['removed', 'gone']).toContain(again.outcome);
    const replacement = await place.until(async () => {
      const { instances } = await place.ready();
      expect(instances.map(({ uid }) => uid)).not.toContain(chosen.uid);
      return instances;
    });
    expect(await place.successor.remove(chosen, 'crash')).toEqual({ outcome: 'gone' });
    expect((await place.ready()).instances).toEqual(replacement);
  });

  drillTest('a cut is in force until it is undone, also when it is made or undone twice', async (place) => {
    const { driver, successor, target, drill, until } = place;
    const before = await place.ready();
    const cut = { ...drill, until: new Date(Date.now() + 120_000) };
    await driver.cut(target, cut);
    await successor.cut(target, cut);
    await until(async () => expect(await place.isCut()).toBe(true));
    expect(await successor.leftovers()).toContain(drill.id);

    await successor.undo(drill);
    await driver.undo(drill);
    await until(async () => expect(await place.isCut()).toBe(false));
    expect(await driver.leftovers()).not.toContain(drill.id);
    expect((await place.ready()).instances).toEqual(before.instances);
  });

  drillTest('no instance is left at zero, and as many as before come back', async (place) => {
    const { driver, successor, target, drill, until } = place;
    const before = await place.ready();
    const scaled = { ...drill, until: new Date(Date.now() + 120_000) };
    await driver.scaleToZero(target, scaled);
    // The number of before must not be lost by doing it again.
    await successor.scaleToZero(target, scaled);
    await until(async () => expect((await driver.look(target)).instances).toEqual([]));
    expect((await driver.look(target)).wanted).toBe(0);
    expect(await successor.leftovers()).toContain(drill.id);

    await successor.undo(drill);
    await driver.undo(drill);
    const after = await place.ready();
    expect(after.wanted).toBe(before.wanted);
    expect(await driver.leftovers()).not.toContain(drill.id);
  });

  drillTest('to undo what was never done changes nothing', async (place) => {
    const before = await place.ready();
    await place.driver.undo({ id: randomUUID() });
    expect(await place.driver.look(place.target)).toEqual(before);
  });

  drillTest('one drill has the turn until it ends it', async ({ driver, successor, drill }) => {
    const other = { id: randomUUID() };
    expect(await driver.takeTurn(drill)).toBe(true);
    expect(await successor.takeTurn(other)).toBe(false);
    expect(await successor.keepTurn(other)).toBe(false);
    // A controller that comes back after its death goes on with its own drill.
    expect(await successor.takeTurn(drill)).toBe(true);
    expect(await driver.keepTurn(drill)).toBe(true);
    await successor.endTurn(other);
    expect(await driver.keepTurn(drill)).toBe(true);
    await driver.endTurn(drill);
    await driver.endTurn(drill);
    expect(await successor.takeTurn(other)).toBe(true);
    await successor.endTurn(other);
  });

  drillTest('a turn that is not kept is lost to the next drill', async (place) => {
    const { driver, successor, drill } = place;
    const other = { id: randomUUID() };
    onTestFinished(() => successor.endTurn(other));
    expect(await driver.takeTurn(drill)).toBe(true);
    const takenAt = Date.now();
    await place.until(async () => expect(await successor.takeTurn(other)).toBe(true));
    expect(Date.now() - takenAt).toBeGreaterThan(place.turnMs / 2);
    expect(await driver.keepTurn(drill)).toBe(false);
    expect(await driver.takeTurn(drill)).toBe(false);
    // Nor does the one that lost it end the other's.
    await driver.endTurn(drill);
    expect(await successor.keepTurn(other)).toBe(true);
  });

  drillTest('says whether the switch outside is engaged, and tells without fail', async (place) => {
    expect(await place.driver.killSwitch()).toMatchObject({ engaged: false });
    await place.driver.tell(
      { drill: { ...place.drill, name: 'contract' }, instance: { name: 'nobody', uid: 'nobody' } },
      { type: 'Normal', reason: 'Tried', message: 'The contract of drivers is being tried.' },
    );
  });
}

type Helpers = ReturnType<typeof helpersFor>;

function helpersFor({ driver, target, patienceMs }: World) {
  const drill = { id: randomUUID() };
  onTestFinished(async () => {
    await driver.undo(drill);
    await driver.endTurn(drill);
  });
  const until = <T>(check: () => Promise<T>) => eventually(check, { timeoutMs: patienceMs, everyMs: 100 });
  return {
    drill,
    until,
    /** The target, once all of its instances are there and ready. */
    ready: () =>
      until(async () => {
        const state = await driver.look(target);
        expect(state.wanted).toBeGreaterThan(0);
        expect(state.instances.filter(({ ready }) => ready)).toHaveLength(state.wanted);
        expect(state.instances).toHaveLength(state.wanted);
        return state;
      }),
  };
}
