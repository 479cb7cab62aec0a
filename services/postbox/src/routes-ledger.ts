import { mailQuery } from '@orderflow/contracts/ledgers';
import { requireActor } from '@orderflow/service-kit/auth';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { deliveryLedger, readMails } from './operations/read-ledger.ts';

/** Serves to the auditor what arrived about each order, and about none. */
export function mountLedgersOfDeliveries(app: Express, { db, auth: { authenticate } }: Deps) {
  mountLedger(app, 'deliveries', { db, sql: deliveryLedger, authenticate });

  app.post('/internal/ledgers/mails', authenticate, async (req, res) => {
    requireActor(req, 'admin', 'service');
    res.json(await readMails(db, bodyOf(mailQuery, req)));
  });
}
