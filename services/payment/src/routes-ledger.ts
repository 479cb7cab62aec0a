import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { paymentLedger } from './operations/read-ledger.ts';

/** The payments, for the auditor. */
export const mountLedgerOfPayments = (app: Express, { db }: Deps) =>
  mountLedger(app, 'payments', { db, sql: paymentLedger });
