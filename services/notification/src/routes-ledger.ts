import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { messageLedger } from './operations/read-ledger.ts';

/** The messages, for the auditor. */
export const mountLedgerOfMessages = (app: Express, { db }: Deps) =>
  mountLedger(app, 'messages', { db, sql: messageLedger });
