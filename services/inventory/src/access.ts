import { type Actor, requireActor } from '@orderflow/service-kit/auth';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Request, RequestHandler } from 'express';

/** Those who keep a catalogue and its stock: a seller its own, admins and services everybody's. */
export const requireKeeper = (req: Request) => requireActor(req, 'seller', 'admin', 'service');

/** The same before a body is read, so that nobody sends megabytes for nothing. */
export const keepersOnly: RequestHandler = (req, _res, next) => {
  requireKeeper(req);
  next();
};

/** The seller whose things `actor` sees; undefined for those who see all. */
export const ownSeller = (actor: Actor | undefined): string | undefined =>
  actor?.kind === 'seller' ? actor.sellerId : undefined;

/** Throws `forbidden` on what is another seller's. Products are public, so there is no existence to hide. */
export function requireOwn(actor: Actor, sellerId: string): void {
  const own = ownSeller(actor);
  if (own === undefined || own === sellerId) return;
  throw new ProblemError('forbidden', `This is a product of another seller; yours are those of ${own}.`);
}

/** Whose a new product is: a seller's own, or the one an admin names. */
export function sellerOf(actor: Actor, named: string | undefined): string {
  const sellerId = named ?? ownSeller(actor);
  if (sellerId === undefined) {
    throw new ProblemError('invalid_request', 'Say in "sellerId" whose product it is.', {
      fields: [{ path: 'sellerId', message: 'must be given by those who are no seller' }],
    });
  }
  requireOwn(actor, sellerId);
  return sellerId;
}

/** Why the events of a request come about, for one whose actor has this name. */
export const causeOf = (req: Request, actor: string) => ({ ...requestContext(req), actor });
