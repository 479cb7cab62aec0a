import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { orderLedger } from './operations/order-ledger.ts';

/** What moved for each order, for the auditor. Faults spare it: they are for those who pay. */
export const mountLedgerOfCharges = (app: Express, { db, auth }: Deps) =>
  mountLedger(app, 'charges', { db, sql: orderLedger, authenticate: auth.authenticate });
