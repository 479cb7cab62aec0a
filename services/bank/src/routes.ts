import { card } from '@orderflow/contracts/http/payments';
import { newId } from '@orderflow/contracts/ids';
import { bodyOf, queryOf } from '@orderflow/service-kit/http-input';
import type { Express, Request } from 'express';
import { z } from 'zod';
import type { RouteDeps } from './app.ts';
import { answerBankErrors, BankError } from './bank-error.ts';
import { readCard } from './cards.ts';
import { faultSettings } from './faults.ts';
import { toCharge, toLedgerEntry, toRefund } from './ledger.ts';
import { chargeBody } from './operations/charge.ts';
import { chargesOf, ledgerAfter, totals } from './operations/read-ledger.ts';
import { refund, refundBody } from './operations/refund.ts';

const paymentMethodBody = z.strictObject({ card });
const chargesQuery = z.object({ reference: z.string().min(1).max(200) });
const ledgerQuery = z.object({
  /** The position of the last row that was seen. */
  cursor: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export function mountRoutes(app: Express, { db, prisma, faults, charge }: RouteDeps) {
  app.post(
    '/v1/payment_methods',
    faults.around(async (req) => {
      const { brand, last4, declineCode } = readCard(bodyOf(paymentMethodBody, req).card);
      const id = `pm_${newId().replaceAll('-', '')}`;
      await prisma.paymentMethod.create({ data: { id, brand, last4, declineCode } });
      return { id, brand, last4 };
    }),
  );

  app.post(
    '/v1/charges',
    faults.around(async (req) => {
      const key = idempotencyKey(req);
      const declineCode = faults.declines() ? 'card_declined' : null;
      return toCharge(await charge({ ...bodyOf(chargeBody, req), key, declineCode }));
    }),
  );

  app.post(
    '/v1/refunds',
    faults.around(async (req) =>
      toRefund(await refund(db, { ...bodyOf(refundBody, req), key: idempotencyKey(req) })),
    ),
  );

  app.get('/v1/charges', async (req, res) => {
    const rows = await chargesOf(db, queryOf(chargesQuery, req).reference);
    res.json({ items: rows.map(toLedgerEntry) });
  });

  app.get('/v1/ledger', async (req, res) => {
    const { cursor, limit } = queryOf(ledgerQuery, req);
    const rows = await ledgerAfter(db, cursor, limit);
    const last = rows.at(-1);
    res.json({
      items: rows.map(toLedgerEntry),
      nextCursor: last && rows.length === limit ? String(last.position) : null,
    });
  });

  app.get('/v1/totals', async (_req, res) => {
    res.json(await totals(db));
  });

  app.get('/v1/faults', (_req, res) => {
    res.json(faults.settings());
  });

  app.put('/v1/faults', (req, res) => {
    faults.set(bodyOf(faultSettings, req));
    res.json(faults.settings());
  });

  app.delete('/v1/faults', (_req, res) => {
    faults.reset();
    res.json(faults.settings());
  });

  app.use(answerBankErrors);
}

function idempotencyKey(req: Request): string {
  const key = req.get('idempotency-key');
  if (!key || key.length > 255) {
    throw new BankError(400, 'idempotency_key_missing', 'Send an Idempotency-Key of 1 to 255 characters.');
  }
  return key;
}
