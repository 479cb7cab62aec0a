import { messagingMigrations } from '@orderflow/messaging/migrations';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished } from 'vitest';
import { createDrillMetrics } from '../src/metrics.ts';
import { readDrill } from '../src/operations/read-drill.ts';
import { startDrill } from '../src/operations/start-drill.ts';
import { makeReport } from '../src/report.ts';
import { type Settings, startRunner } from '../src/runner.ts';
import { aSpec } from './drill-samples.ts';
import { type FakeWorld, quick } from './fake-world.ts';

const migrations = [messagingMigrations, new URL('../prisma/migrations/', import.meta.url)];

export const settings: Settings = {
  namespaces: ['local'],
  minReplicas: { service: 1, postgres: 1, redis: 1 },
  cooldownSeconds: 0,
  quietHours: [],
  hasBank: true,
  gatewayUrl: 'http://gateway:8080',
  probeOrigins: [],
};

export const drillDatabase = () => testDatabase(migrations);

/** A database with as many controllers on it, one after the other, as a test likes. */
export async function drillController(world: FakeWorld, changes: Partial<Settings> = {}) {
  const db = await drillDatabase();

  /** Starts a controller. `drop` is its sudden end: nothing of it gets through any more. */
  function run() {
    const access = world.access();
    const scope = testScope();
    const runner = startRunner({
      db,
      world: access,
      settings: { ...settings, ...changes },
      makeReport,
      metrics: createDrillMetrics(scope.metrics),
      scope,
      everyMs: 10,
      leftoversEveryMs: 1_000,
      now: world.now,
    });
    let isDropped = false;
    // One that was dropped waits for ever for a world that it is cut off from.
    onTestFinished(async () => {
      if (!isDropped) await runner.stop();
    });
    const drop = () => {
      isDropped = true;
      access.cut();
    };
    return { scope, drop, stop: runner.stop };
  }

  const read = async (id: string) => (await readDrill(db, id))!;

  return {
    db,
    run,
    read,
    start: async (spec: object = {}, name = 'inventory-crash') =>
      (await startDrill(db, { name, spec: { ...aSpec(), ...quick, ...spec }, startedBy: 'a test' })).id,
    /** The drill once it is over. */
    over: (id: string) => {
      world.stillIn = undefined;
      return eventually(
        async () => {
          const row = await read(id);
          expect(row.state.endedAt, row.state.phase).not.toBeNull();
          return row;
        },
        { timeoutMs: 25_000, everyMs: 20 },
      );
    },
    /** Waits for a phase, which then lasts until `over` is asked for. */
    reaches: (id: string, phase: string) => {
      world.stillIn = phase;
      return eventually(async () => expect((await read(id)).state.phase).toBe(phase), {
        timeoutMs: 20_000,
        everyMs: 10,
      });
    },
  };
}
