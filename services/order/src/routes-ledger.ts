import { productsQuery } from '@orderflow/contracts/ledgers';
import { requireActor } from '@orderflow/service-kit/auth';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { mountLedger } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Deps } from './app.ts';
import { orderLedger, readProducts } from './operations/read-ledger.ts';

/** Serves the orders and the copy of the catalogue to the auditor. */
export function mountOrderLedgers(app: Express, { db }: Deps) {
  mountLedger(app, 'orders', { db, sql: orderLedger });

  app.post('/internal/ledgers/products', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const { products } = bodyOf(productsQuery, req);
    res.json({ items: await readProducts(db, products), next: null });
  });
}
