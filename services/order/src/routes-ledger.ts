import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { orderLedger } from './operations/read-ledger.ts';

/** The orders, for the auditor. */
export const mountLedgerOfOrders = (app: Express, { db }: Deps) =>
  mountLedger(app, 'orders', { db, sql: orderLedger });
