import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { deliveryLedger } from './operations/read-ledger.ts';

/** What arrived about each order, for the auditor. */
export const mountLedgerOfDeliveries = (app: Express, { db, auth }: Deps) =>
  mountLedger(app, 'deliveries', { db, sql: deliveryLedger, authenticate: auth.authenticate });
