import { bankFault, killSwitchBody } from '@orderflow/contracts/drills';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import type { Deps } from './app.ts';
import { runningDrill } from './operations/keep-drill.ts';
import { viewSchedules } from './schedules.ts';

/** The kill switch, the schedules, and the bank's faults by hand. */
export function mountSafetyRoutes(app: Express, { db, scope, killSwitch, schedules, bank }: Deps) {
  const operator = (req: Request) => actorName(requireActor(req, 'admin', 'service'));

  app.get('/api/drills/kill-switch', async (req, res) => {
    operator(req);
    res.json(await killSwitch.read());
  });

  app.put('/api/drills/kill-switch', async (req, res) => {
    const by = operator(req);
    const { engaged, reason } = bodyOf(killSwitchBody, req);
    await killSwitch.set({ engaged, reason, by });
    scope.log.warn({ engaged, reason, by }, 'the kill switch was set');
    res.json(await killSwitch.read());
  });

  app.get('/api/drills/schedules', async (req, res) => {
    operator(req);
    res.json({ items: await viewSchedules(db, schedules, new Date()) });
  });

  app.get('/api/faults', async (req, res) => {
    operator(req);
    res.json(await bankOf().read());
  });

  app.put('/api/faults', async (req, res) => {
    const by = operator(req);
    const fault = bodyOf(bankFault, req);
    await refuseDuringDrill();
    const settings = await bankOf().set(fault);
    scope.log.warn({ fault, by }, 'the faults of the bank were set');
    res.json(settings);
  });

  app.delete('/api/faults', async (req, res) => {
    const by = operator(req);
    await refuseDuringDrill();
    const settings = await bankOf().reset();
    scope.log.warn({ by }, 'the faults of the bank were taken back');
    res.json(settings);
  });

  function bankOf() {
    if (bank) return bank;
    throw new ProblemError('unavailable', 'There is no simulated bank here, so it has no faults.');
  }

  async function refuseDuringDrill() {
    const running = await runningDrill(db);
    if (!running) return;
    throw new ProblemError(
      'conflict',
      `The drill ${running.name} is under way. Wait for its end, or abort it: POST /api/drills/${running.id}/abort.`,
    );
  }
}
