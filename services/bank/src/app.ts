import type { Auth } from '@orderflow/service-kit/auth';
import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Faults } from './faults.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { LedgerRow } from './ledger.ts';
import { type Charge, chargeAll } from './operations/charge.ts';
import { mountRoutes } from './routes.ts';
import { mountLedgersOfCharges } from './routes-ledger.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  prisma: PrismaClient;
  faults: Faults;
  auth: Auth;
};

export function createApp(deps: Deps) {
  const charge = createBatcher((charges: Charge[]) => chargeAll(deps.db, charges));
  return createHttpApp({
    ...deps.scope,
    routes: (app) => {
      mountRoutes(app, { ...deps, charge });
      mountLedgersOfCharges(app, deps);
    },
  });
}

export type RouteDeps = Deps & { charge: (charge: Charge) => Promise<LedgerRow> };
