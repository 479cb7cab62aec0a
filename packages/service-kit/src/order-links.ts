import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { ProblemError } from './problem.ts';

/** As long as somebody may want to look at an order again, or to cancel what comes late. */
const LINK_DAYS = 90;

/** Who has the link to an order from a mail: its guest. */
export type LinkHolder = { kind: 'guest'; orderId: string };

/**
 * Makes and reads the links by which guests come to their order: `…/api/orders/ID?access=TOKEN`. The token is an expiry and
 * an HMAC of it and the order, so nothing is stored. The first of the secrets signs, all are accepted: a new one is put in
 * front of the old one, which goes when its links have expired. Without the old one all links end at once.
 */
export function createOrderLinks({ secrets, now = Date.now }: { secrets: string[]; now?: () => number }) {
  const sign = (secret: string, orderId: string, expires: string) =>
    createHmac('sha256', secret).update(`order:${orderId}:${expires}`).digest('base64url');

  const isGood = (token: string, orderId: string): boolean => {
    const [expires = '', mac = ''] = token.split('.');
    const given = Buffer.from(mac);
    const isSigned = secrets.some((secret) => {
      const expected = Buffer.from(sign(secret, orderId, expires));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
    return isSigned && Number(expires) * 1000 > now();
  };

  return {
    /** The token of a link to an order. */
    tokenOf(orderId: string): string {
      const expires = String(Math.floor(now() / 1000) + LINK_DAYS * 86_400);
      return `${expires}.${sign(secrets[0]!, orderId, expires)}`;
    },

    /**
     * Who asks by a link to the order in the path; undefined without one. Throws `unauthenticated` when the link is of
     * another order, or has expired.
     */
    holderOf(req: Request): LinkHolder | undefined {
      const { access } = req.query;
      if (access === undefined) return undefined;
      const orderId = String(req.params.id).toLowerCase();
      if (typeof access === 'string' && isGood(access, orderId)) return { kind: 'guest', orderId };
      throw new ProblemError(
        'unauthenticated',
        'The link is too old, or not whole. Take the one of the newest mail about the order.',
      );
    },
  };
}

export type OrderLinks = ReturnType<typeof createOrderLinks>;
