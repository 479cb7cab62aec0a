import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DrillReport } from '@orderflow/contracts/drills';
import { freePorts } from '@orderflow/local-runtime/ports';
import { listeners, services } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';
import { eventually } from '@orderflow/testing/eventually';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { aSpec } from '../../test/drill-samples.ts';

const everyMinute = (dryRun: boolean) => {
  const spec = { ...aSpec(), target: { kind: 'redis' }, dryRun };
  return JSON.stringify([{ name: 'every-minute', cron: '* * * * *', spec }]);
};
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const always = JSON.stringify([
  { days, from: '00:00', to: '12:00' },
  { days, from: '12:00', to: '00:00' },
]);

/** The chaos controller as `npm start` runs it, with nothing else. */
async function startController(callerEnv: Record<string, string>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'orderflow-schedules-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const system = await startSystem({
    root: join(import.meta.dirname, '../../../..'),
    dataDir,
    ports: await freePorts(Object.keys(listeners)),
    services: services.filter(({ name }) => name === 'chaos-controller'),
    callerEnv,
    log: () => {},
    onProgress: () => {},
  });
  onTestFinished(() => system.stop());
  const ask = async (path: string) => {
    const response = await fetch(`${system.urls['chaos-controller']}${path}`, {
      headers: { authorization: `Bearer ${system.internalToken}` },
    });
    expect(response.status).toBe(200);
    return Object(await response.json());
  };

  return {
    controller: system.services.get('chaos-controller')!,
    /** Makes the schedule look as if the controller had been away for two minutes; it then fires without delay. */
    async makeDue(): Promise<void> {
      const client = new pg.Client({ connectionString: system.postgres.url('orderflow_chaos_controller') });
      await client.connect();
      const due = new Date(Date.now() - 120_000);
      await eventually(async () => {
        const { rowCount } = await client.query('UPDATE schedules SET fired_for = $1', [due]);
        expect(rowCount).toBe(1);
      });
      await client.end();
    },
    /** Waits until the last drill that the schedule began has such a report. */
    reportIs: (expected: Partial<DrillReport>) =>
      eventually(
        async () => {
          const [{ lastDrill }] = (await ask('/api/drills/schedules')).items;
          expect(await ask(`/api/drills/${lastDrill}/report?format=json`)).toMatchObject(expected);
        },
        { timeoutMs: 25_000, everyMs: 100 },
      ),
  };
}

test('on one machine a schedule that is due begins a drill, which quiet hours refuse', async () => {
  const { controller, makeDue, reportIs } = await startController({ DRILL_SCHEDULES: everyMinute(true) });
  await makeDue();
  await reportIs({ name: 'every-minute', driver: 'local', reason: 'DryRun' });

  await controller.stop();
  controller.start({ env: { DRILL_SCHEDULES: everyMinute(false), DRILL_QUIET_HOURS: always } });
  await makeDue();
  await reportIs({ name: 'every-minute', verdict: 'Refused', reason: 'QuietHours' });
}, 90_000);
