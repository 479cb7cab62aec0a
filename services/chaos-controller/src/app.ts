import type { ScheduleSpec } from '@orderflow/contracts/drills';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { BankFaults } from './bank.ts';
import type { KillSwitches } from './kill-switch.ts';
import { mountRoutes } from './routes.ts';
import { mountSafetyRoutes } from './routes-safety.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  auth: Auth;
  db: Database;
  killSwitch: KillSwitches;
  schedules: readonly ScheduleSpec[];
  /** The simulated one; undefined where a real provider takes its place. */
  bank: BankFaults | undefined;
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    auth: deps.auth,
    routes: (app) => {
      // First, for one of its addresses reads like the id of a drill.
      mountSafetyRoutes(app, deps);
      mountRoutes(app, deps);
    },
  });
