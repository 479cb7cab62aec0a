import type { TokensView } from '@orderflow/contracts/auth';
import type { Event } from '@orderflow/contracts/events';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { handleOnce } from '@orderflow/messaging/inbox';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { createAuth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createEndedSessions } from '@orderflow/service-kit/ended-sessions';
import { mailCode } from '@orderflow/service-kit/mail-codes';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { createHandlers } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createKeys } from '../src/keys.ts';
import { createCustomerMetrics } from '../src/metrics.ts';
import { endedSessions } from '../src/operations/ended-sessions.ts';
import { rotateKeys } from '../src/operations/rotate-keys.ts';
import { createPasswords } from '../src/passwords.ts';
import { createTokens } from '../src/tokens.ts';

const naming = { issuer: 'https://issuer.example', audience: 'the-api' };
const accessSeconds = 600;
const mailCodeSecret = 'a-secret-of-mail-codes-for-this-test';

/** Makes a hash in a few milliseconds: what a good one costs is not the matter of most tests. */
export const cheapCost = { N: 2 ** 10, r: 8, p: 1 };

/** As a replica of the service has them; a new one reads the keys of the database anew. */
function replica(prisma: PrismaClient, db: Database) {
  const keys = createKeys({ prisma });
  const tokens = createTokens({ ...naming, keys, accessSeconds });
  const isEnded = createEndedSessions(() => endedSessions(db.query, accessSeconds));
  return {
    keys,
    tokens,
    auth: createAuth({ ...naming, keys: keys.verify, internalToken: 'an-internal-token', isEnded }),
  };
}

/** The service of the running test: its app, its database, and the events that come in and go out. */
export async function customerService() {
  const scope = testScope();
  const db = await testDatabase([messagingMigrations, new URL('../prisma/migrations/', import.meta.url)]);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createCustomerMetrics(scope.metrics);
  const handlers = createHandlers({ metrics });
  const passwords = createPasswords({ cost: cheapCost, concurrency: 2 });
  await rotateKeys(db, { rotationDays: 30, accessSeconds });
  const { redis } = testRedis();
  const deps = {
    scope,
    db,
    redis,
    prisma,
    metrics,
    passwords,
    sessionDays: 14,
    accessSeconds,
    mailCodeSecret,
  };
  const app = createApp({ ...deps, ...replica(prisma, db), auth: testAuth });
  const outbox = async () =>
    (await db.query<{ envelope: Event }>('SELECT envelope FROM messaging.outbox ORDER BY position')).map(
      ({ envelope }) => envelope,
    );
  const isMail = (event: Event): event is Event<'account.mail-requested'> =>
    event.type === 'account.mail-requested';
  const mails = async () => (await outbox()).filter(isMail).map(({ data }) => data);
  async function codeTo(email: string): Promise<string> {
    const mail = (await mails()).findLast((one) => one.email === email.toLowerCase() && one.ticket);
    if (!mail) throw new Error(`no code was sent to ${email}`);
    return mailCode(mailCodeSecret, { purpose: mail.template, ticket: mail.ticket! });
  }
  const verify = (body: object) => request(app).post('/api/auth/verify-email').send(body);
  return {
    /** Takes the tokens of `as`. */
    app,
    /** Asks it as an admin. */
    admin: request.agent(app).set(await as.admin()),
    /** Takes the tokens that it makes, as a replica that has just started. */
    freshReplica: () => createApp({ ...deps, ...replica(prisma, db) }),
    scope,
    db,
    metrics,
    passwords,
    /** One batch, as the consumer hands it over. */
    deliver: (...events: Event[]) => handleOnce({ db, group: 'customer', handlers }, events),
    customers: () => prisma.customer.findMany({ orderBy: { email: 'asc' } }),
    accounts: () => prisma.account.findMany({ orderBy: { email: 'asc' } }),
    /** The events beside the mails. */
    outbox: async () => (await outbox()).filter((event) => !isMail(event)),
    /** The values of a counter by its only label. */
    metric: async (name: string, label: string) => {
      const { values } = await scope.metrics.registry.getSingleMetric(name)!.get();
      return Object.fromEntries(values.map(({ labels, value }) => [labels[label], value]));
    },
    mails,
    /** The code of the last mail to this address, as it is written there. */
    codeTo,
    /** Registers and sends the code from the mail. */
    register: async (email = 'ada@example.org', password = 'correct horse'): Promise<TokensView> => {
      const body = { name: 'Ada Lovelace', email, password };
      await request(app).post('/api/auth/register').send(body).expect(202);
      return (await verify({ email, password, code: await codeTo(email) }).expect(200)).body;
    },
    verify,
    logIn: (email = 'ada@example.org', password = 'correct horse') =>
      request(app).post('/api/auth/login').send({ email, password }),
    refresh: (refreshToken: string) => request(app).post('/api/auth/refresh').send({ refreshToken }),
  };
}

type Guest = { name?: string; phone?: string };

export const orderPlacedBy = (email: string, { name = 'Ada Lovelace', phone }: Guest = {}) => {
  const price = { amount: 1490, currency: 'EUR' };
  return anEvent('order.placed', {
    orderId: newId(),
    customer: { id: customerIdOf(email), name, email, phone },
    sellerId: 'seller',
    items: [{ productId: newId(), quantity: 1, sku: 'MUG', name: 'Enamel mug', unitPrice: price }],
    total: price,
    confirmation: 'automatic',
    guest: true,
  });
};
