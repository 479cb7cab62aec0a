import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';
import { makeDemoAccounts, removeDemoAccounts } from './operations/keep-demo-accounts.ts';
import { startUpkeep } from './upkeep.ts';

type Service = Awaited<ReturnType<typeof customerService>>;

function upkeepOf({ db, scope }: Service, { demo = false } = {}) {
  const upkeep = startUpkeep({ db, scope, rotationDays: 30, accessSeconds: 600, demo, everyMs: 20 });
  onTestFinished(() => upkeep.stop());
  return upkeep;
}

const makeDemo = ({ db, passwords, metrics, scope }: Service) =>
  makeDemoAccounts(db, { passwords, metrics, log: scope.log });

async function oldFailure(service: Service): Promise<void> {
  await service.logIn('eve@example.org', 'a guess').expect(401);
  await service.db.query("UPDATE login_throttles SET failed_at = now() - interval '2 days'");
}

const failuresForgotten = ({ db }: Service) =>
  eventually(async () => expect(await db.query('SELECT * FROM login_throttles')).toEqual([]));

const credentials = [
  ['user@orderflow.io', 'User1234!', { role: 'customer' }],
  ['seller@orderflow.io', 'Seller123!', { role: 'seller', sellerId: 'seller@orderflow.io' }],
  ['admin@orderflow.io', 'Admin123!', { role: 'admin' }],
] as const;

test('in demo mode the demo accounts log in, and the log warns of them without their passwords', async () => {
  const service = await customerService();
  await Promise.all([makeDemo(service), makeDemo(service)]); // two replicas start
  await makeDemo(service); // and start again
  for (const [email, password, account] of credentials)
    expect((await service.logIn(email, password).expect(200)).body.account).toMatchObject(account);
  expect(await service.accounts()).toHaveLength(3);
  expect(await service.customers()).toMatchObject([{ email: 'user@orderflow.io', guest: false }]);
  expect(await service.outbox()).toMatchObject([{ type: 'customer.created', actor: 'system:customer' }]);
  const warnings = service.scope.lines.filter(({ msg }) => String(msg).startsWith('DEMO MODE'));
  expect(warnings).toHaveLength(3);
  expect(warnings[0]).toMatchObject({ level: 40, emails: credentials.map(([email]) => email) });
  expect(JSON.stringify(service.scope.lines)).not.toMatch(/User1234|Seller123|Admin123/);
});

test('without demo mode the demo accounts of an earlier start are gone, with their sessions', async () => {
  const service = await customerService();
  await makeDemo(service);
  const real = await service.register();
  const { body: admin } = await service.logIn('admin@orderflow.io', 'Admin123!').expect(200);
  await removeDemoAccounts(service.db, { log: service.scope.log });
  for (const [email, password] of credentials) await service.logIn(email, password).expect(401);
  await service.refresh(admin.refreshToken).expect(401);
  await service.refresh(real.refreshToken).expect(200);
  expect(await service.accounts()).toMatchObject([{ email: 'ada@example.org' }]);
});

test('demo accounts that a replica in demo mode makes anew are removed soon, and kept in demo mode', async () => {
  const service = await customerService();
  await makeDemo(service);
  await oldFailure(service);
  const inDemo = upkeepOf(service, { demo: true });
  await failuresForgotten(service); // the last thing it does in a round
  expect(await service.accounts()).toHaveLength(3);
  await inDemo.stop();
  upkeepOf(service);
  await eventually(async () => expect(await service.accounts()).toEqual([]));
});

test('a real account with the address of a demo account keeps its password in demo mode and without', async () => {
  const service = await customerService();
  await service.register('user@orderflow.io', 'my own password');
  await makeDemo(service);
  await service.logIn('user@orderflow.io', 'User1234!').expect(401);
  await removeDemoAccounts(service.db, { log: service.scope.log });
  await service.logIn('user@orderflow.io', 'my own password').expect(200);
});

test('keys are rotated and old rows forgotten while the service runs, by several replicas at once', async () => {
  const service = await customerService();
  const { db } = service;
  await service.register();
  await db.query("UPDATE sessions SET expires_at = now() - interval '1 second'");
  await db.query("UPDATE signing_keys SET created_at = now() - interval '31 days'");
  for (let i = 0; i < 3; i++) upkeepOf(service);
  await eventually(async () => {
    expect(await db.query('SELECT kid FROM signing_keys')).toHaveLength(2);
    expect(await db.query('SELECT id FROM sessions')).toEqual([]);
  });
  await db.query("UPDATE signing_keys SET retires_at = now() - interval '1 second' WHERE retires_at > now()");
  await eventually(async () => expect(await db.query('SELECT kid FROM signing_keys')).toHaveLength(1));
  const rotations = service.scope.lines.filter(({ msg }) => msg === 'a new signing key is published');
  expect(rotations).toHaveLength(1);
});

test('more than a batch of old rows is forgotten in one round', async () => {
  const service = await customerService();
  const { db, scope } = service;
  await db.query(`INSERT INTO login_throttles (email, source, failures, blocked_until, failed_at)
    SELECT n || '@example.org', 'strangers', 1, now(), now() - interval '2 days' FROM generate_series(1, 3500) AS n`);
  const upkeep = startUpkeep({
    db,
    scope,
    rotationDays: 30,
    accessSeconds: 600,
    demo: true,
    everyMs: 60_000,
  });
  onTestFinished(() => upkeep.stop());
  await failuresForgotten(service);
});

test('upkeep goes on after a failure, and says what it was', async () => {
  const service = await customerService();
  const { db, scope } = service;
  await db.query('ALTER TABLE login_throttles RENAME TO away');
  const upkeep = upkeepOf(service);
  await eventually(() =>
    expect(scope.lines).toContainEqual(
      expect.objectContaining({
        msg: 'upkeep has to wait',
        error: expect.stringContaining('login_throttles'),
      }),
    ),
  );
  expect(scope.health.stuckLoops()).toEqual([]);
  await db.query('ALTER TABLE away RENAME TO login_throttles');
  await oldFailure(service);
  await failuresForgotten(service);
  await upkeep.stop();
});
