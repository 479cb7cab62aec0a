import { publicKey } from '@orderflow/contracts/auth';
import { createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey } from 'jose';
import { signingKeyOf } from './domain.ts';
import type { PrismaClient } from './generated/prisma/client.ts';

/** Much less than the time that a new key is published before it signs. */
const KEPT_MS = 30_000;

/** The signing keys as the database has them, read again when half a minute has passed. */
export function createKeys({ prisma }: { prisma: PrismaClient }) {
  let kept: { keys: Promise<Awaited<ReturnType<typeof read>>>; until: number } | undefined;

  async function read() {
    const rows = await prisma.signingKey.findMany({
      where: { OR: [{ retiresAt: null }, { retiresAt: { gt: new Date() } }] },
      orderBy: [{ createdAt: 'desc' }, { kid: 'asc' }],
    });
    // The schema is strict: a private part that had got into this column would fail here, not be published.
    const published = { keys: rows.map((row) => publicKey.parse(row.publicJwk)) };
    return { rows, published, verify: createLocalJWKSet(published) };
  }

  function current() {
    // Kept for longer than it can be: the clock was set back.
    if (!kept || kept.until < Date.now() || kept.until > Date.now() + KEPT_MS) {
      const before = kept;
      const keys = read().catch((error) => {
        // Keys change once a month: the ones of a minute ago serve while the database is away.
        kept = before && { ...before, until: Date.now() + 1_000 };
        if (!before) throw error;
        return before.keys;
      });
      kept = { keys, until: Date.now() + KEPT_MS };
    }
    return kept.keys;
  }

  const verify: JWTVerifyGetKey = async (header, token) => (await current()).verify(header, token);

  return {
    verify,
    published: async () => (await current()).published,
    /** The key that signs now, and its name. */
    async signing() {
      const { rows } = await current();
      const row = signingKeyOf(rows, new Date());
      if (!row) throw new Error('there is no signing key; upkeep makes one when the service starts');
      return { kid: row.kid, key: await importJWK(row.privateJwk as JWK) };
    },
  };
}

export type Keys = ReturnType<typeof createKeys>;
