import { stockQuery } from '@orderflow/contracts/ledgers';
import { requireActor } from '@orderflow/service-kit/auth';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { reservationLedger } from './operations/read-ledger.ts';
import { readStock } from './operations/read-stock.ts';

/** The reservations and the stock, for the auditor. */
export function mountInventoryLedgers(app: Express, { db }: Deps) {
  mountLedger(app, 'reservations', { db, sql: reservationLedger });

  app.post('/internal/ledgers/stock', async (req, res) => {
    requireActor(req, 'admin', 'service');
    res.json(await readStock(db, bodyOf(stockQuery, req)));
  });
}
