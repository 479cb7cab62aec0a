import { requireActor } from '@orderflow/service-kit/auth';
import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { orderLedger, readStrays } from './operations/order-ledger.ts';

/** Serves to the auditor what moved for each order, and for none. Simulated faults spare it. */
export function mountLedgersOfCharges(app: Express, { db, auth: { authenticate } }: Deps) {
  mountLedger(app, 'charges', { db, sql: orderLedger, authenticate });

  app.get('/internal/ledgers/strays', authenticate, async (req, res) => {
    requireActor(req, 'admin', 'service');
    res.json(await readStrays(db));
  });
}
