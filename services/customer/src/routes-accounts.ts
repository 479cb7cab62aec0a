import { accountAccessBody, createAccountBody, listAccountsQuery } from '@orderflow/contracts/auth';
import { emailAddress } from '@orderflow/contracts/text';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, decodeCursor, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request } from 'express';
import type { Deps } from './app.ts';
import { createAccount } from './operations/create-account.ts';
import { listAccounts } from './operations/list-accounts.ts';
import { setAccountAccess } from './operations/set-account-access.ts';
import { toAccountView, toListedAccountView } from './views.ts';

/** What admins do with the accounts of others. */
export function mountAccountRoutes(app: Express, { db, metrics, passwords }: Deps) {
  // No Idempotency-Key: what it keeps of a body is a fast hash, and this one holds a password.
  app.post('/api/accounts', async (req, res) => {
    const cause = causeOf(req);
    const body = bodyOf(createAccountBody, req);
    const account = await createAccount(db, { body, cause, passwords, metrics });
    res.status(201).json(toAccountView(account));
  });

  app.get('/api/accounts', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const { email, ...page } = queryOf(listAccountsQuery, req);
    const after = page.cursor === undefined ? undefined : decodeCursor(emailAddress, page.cursor);
    const rows = await listAccounts(db, { email, after, limit: page.limit + 1 });
    res.json(toPage(rows, page, toListedAccountView, (row) => row.email));
  });

  app.put('/api/accounts/:id/access', async (req, res) => {
    const cause = causeOf(req);
    const body = bodyOf(accountAccessBody, req);
    res.json(toListedAccountView(await setAccountAccess(db, { id: idParam(req), body, cause })));
  });
}

const causeOf = (req: Request) => ({
  ...requestContext(req),
  actor: actorName(requireActor(req, 'admin', 'service')),
});
