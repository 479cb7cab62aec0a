import {
  ENDED_SESSIONS_PATH,
  JWKS_PATH,
  loginBody,
  refreshBody,
  registerBody,
  requestPasswordResetBody,
  resetPasswordBody,
  verifyEmailBody,
} from '@orderflow/contracts/auth';
import { originAddress } from '@orderflow/service-kit/client-address';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request, RequestHandler } from 'express';
import type { Deps } from './app.ts';
import { endedSessions } from './operations/ended-sessions.ts';
import { logIn } from './operations/log-in.ts';
import { logOut } from './operations/log-out.ts';
import { refreshSession } from './operations/refresh-session.ts';
import { requestRegistration } from './operations/request-registration.ts';
import { requestPasswordReset, resetPassword } from './operations/reset-password.ts';
import { verifyEmail } from './operations/verify-email.ts';

/** Less than the time that a new key is published before it signs. */
const KEYS_KEPT = 'public, max-age=300';

/** Tokens are nobody else's: RFC 6749, section 5.1. */
const notKept: RequestHandler = (_req, res, next) => {
  res.setHeader('cache-control', 'no-store');
  next();
};

/** What a device calls itself, as far as anybody wants to read it. */
const userAgentOf = (req: Request): string | undefined => req.get('user-agent')?.slice(0, 200);

/** How people come in: open to everybody, also to those whose token has run out. */
export function mountAuthRoutes(app: Express, deps: Deps) {
  const { scope, db, prisma, metrics, passwords, keys, tokens, sessionDays, accessSeconds, mailCodeSecret } =
    deps;

  app.use('/api/auth', notKept);

  // One answer for all: it does not tell who has an account.
  app.post('/api/auth/register', async (req, res) => {
    const body = bodyOf(registerBody, req);
    await requestRegistration(db, { body, context: requestContext(req), passwords });
    res.status(202).json({
      message:
        'We have sent a mail to this address. Send its code, with your password, to /api/auth/verify-email.',
    });
  });

  // No Idempotency-Key: its stored answer would hold tokens. Who has lost the answer logs in.
  app.post('/api/auth/verify-email', async (req, res) => {
    const body = bodyOf(verifyEmailBody, req);
    const sign = await tokens.signer();
    const { account, ...opened } = await verifyEmail(db, {
      body,
      context: requestContext(req),
      userAgent: userAgentOf(req),
      sessionDays,
      mailCodeSecret,
      passwords,
      metrics,
    });
    res.json(await sign(account, opened));
  });

  app.post('/api/auth/login', async (req, res) => {
    const { deviceToken, ...body } = bodyOf(loginBody, req);
    const sign = await tokens.signer();
    const { account, ...opened } = await logIn(db, {
      body,
      origin: { address: originAddress(req), deviceToken },
      userAgent: userAgentOf(req),
      ...{ sessionDays, prisma, passwords, metrics },
    });
    res.json(await sign(account, opened));
  });

  app.post('/api/auth/refresh', async (req, res) => {
    const body = bodyOf(refreshBody, req);
    const sign = await tokens.signer();
    const refreshed = await refreshSession(db, body.refreshToken);
    metrics.refreshes.inc({ outcome: refreshed.outcome });
    if (refreshed.outcome === 'reused') {
      const { correlationId } = requestContext(req);
      const { sessionId } = refreshed;
      scope.log.warn({ sessionId, correlationId }, 'a refresh token was used twice; its session is ended');
    }
    // One answer for all: whoever tries tokens learns nothing about them.
    if (refreshed.outcome !== 'success')
      throw new ProblemError('unauthenticated', 'The refresh token is not good, or no more: log in again.');
    const { account, sessionId, refreshToken } = refreshed;
    res.json(await sign(account, { sessionId, refreshToken }));
  });

  app.post('/api/auth/logout', async (req, res) => {
    await logOut(db, bodyOf(refreshBody, req).refreshToken);
    res.status(204).end();
  });

  // One answer for all, again.
  app.post('/api/auth/password-reset', async (req, res) => {
    const body = bodyOf(requestPasswordResetBody, req);
    await requestPasswordReset(db, { body, context: requestContext(req) });
    res.status(202).json({
      message:
        'If there is an account with this address, it gets a mail. Send its code, with a new password, to /api/auth/password-reset/confirm.',
    });
  });

  app.post('/api/auth/password-reset/confirm', async (req, res) => {
    const body = bodyOf(resetPasswordBody, req);
    await resetPassword(db, { body, context: requestContext(req), mailCodeSecret, passwords });
    res.status(204).end();
  });

  // For the parts of OrderFlow. The ids say nothing to others.
  app.get(ENDED_SESSIONS_PATH, async (_req, res) => {
    res.json({ sessions: await endedSessions(db.query, accessSeconds) });
  });

  app.get(JWKS_PATH, async (_req, res) => {
    const published = await keys.published();
    res.setHeader('cache-control', KEYS_KEPT).type('application/jwk-set+json').json(published);
  });
}
