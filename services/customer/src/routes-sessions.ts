import { changePasswordBody } from '@orderflow/contracts/auth';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, idParam } from '@orderflow/service-kit/http-input';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request } from 'express';
import type { Deps } from './app.ts';
import { changePassword } from './operations/change-password.ts';
import { listSessions } from './operations/list-sessions.ts';
import { endSession, logOutEverywhere } from './operations/log-out-everywhere.ts';
import { toSessionView } from './views.ts';

/** What people do with their own account. */
export function mountSessionRoutes(app: Express, { db, prisma, passwords, metrics }: Deps) {
  app.post('/api/auth/password', async (req, res) => {
    const person = personIn(req);
    const body = bodyOf(changePasswordBody, req);
    await changePassword(db, { ...person, body, prisma, passwords, metrics });
    res.status(204).end();
  });

  app.get('/api/auth/sessions', async (req, res) => {
    const { accountId, sessionId } = personIn(req);
    const rows = await listSessions(db.query, accountId);
    res.json({ items: rows.map((row) => toSessionView(row, sessionId)) });
  });

  app.delete('/api/auth/sessions', async (req, res) => {
    await logOutEverywhere(db, personIn(req));
    res.status(204).end();
  });

  app.delete('/api/auth/sessions/:id', async (req, res) => {
    await endSession(db, { ...personIn(req), sessionId: idParam(req) });
    res.status(204).end();
  });
}

/** Who asks; the internal token is nobody's account. */
function personIn(req: Request) {
  const actor = requireActor(req, 'customer', 'seller', 'admin');
  const cause = { ...requestContext(req), actor: actorName(actor) };
  return { accountId: actor.id, sessionId: actor.sessionId, cause };
}
