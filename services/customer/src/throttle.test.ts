import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';

type Service = Awaited<ReturnType<typeof customerService>>;

const email = 'ada@example.org';
const right = { email, password: 'correct horse' };

/** A log-in as the gateway passes it on: the address of the client stands first. */
const from = ({ app }: Service, address: string, body: object) =>
  request(app).post('/api/auth/login').set('x-forwarded-for', `${address}, 10.0.0.1`).send(body);

/** Guesses until this address has to wait. */
async function guessUntilBlocked(service: Service, address: string, more: object = {}) {
  for (let i = 0; i < 5; i++)
    await from(service, address, { email, password: 'a guess', ...more }).expect(401);
  await from(service, address, { email, password: 'a guess', ...more }).expect(429);
}

test('while a stranger guesses, the owner logs in from elsewhere', async () => {
  const service = await customerService();
  await service.register(email);
  await guessUntilBlocked(service, '203.0.113.7');
  await from(service, '203.0.113.7', right).expect(429);
  await from(service, '198.51.100.9', right).expect(200);
  // Nor does the log-in of the owner let the stranger guess on.
  await from(service, '203.0.113.7', right).expect(429);
});

test('a device that logged in before is let in from the address that a stranger guesses from', async () => {
  const service = await customerService();
  const { deviceToken } = await service.register(email);
  await guessUntilBlocked(service, '203.0.113.7');
  const { body } = await from(service, '203.0.113.7', { ...right, deviceToken }).expect(200);
  expect(body.deviceToken).toBe(deviceToken);
  // The stranger still waits, and so does whoever has no token of this account.
  await from(service, '203.0.113.7', right).expect(429);
  await from(service, '203.0.113.7', { ...right, deviceToken: 'made-up' }).expect(429);
  const eve = await service.register('eve@example.org');
  await from(service, '203.0.113.7', { ...right, deviceToken: eve.deviceToken }).expect(429);
});

test('a device has its own count of failures: who has stolen its token guesses no more than others', async () => {
  const service = await customerService();
  const { deviceToken } = await service.register(email);
  await guessUntilBlocked(service, '203.0.113.7', { deviceToken });
  await from(service, '198.51.100.9', { ...right, deviceToken }).expect(429);
  await from(service, '198.51.100.9', right).expect(200);
});

test('a device is known after a logout too, and no more when its refresh token was used twice', async () => {
  const service = await customerService();
  const { deviceToken, refreshToken } = await service.register(email);
  await request(service.app).post('/api/auth/logout').send({ refreshToken }).expect(204);
  await guessUntilBlocked(service, '203.0.113.7');
  const again = (await from(service, '203.0.113.7', { ...right, deviceToken }).expect(200)).body;
  await service.db.query('UPDATE sessions SET device = NULL WHERE revoked_at IS NOT NULL');
  await service.refresh(again.refreshToken).expect(200);
  await service.refresh(again.refreshToken).expect(401);
  await from(service, '203.0.113.7', { ...right, deviceToken }).expect(429);
});

test('the addresses of one IPv6 network count as one', async () => {
  const service = await customerService();
  await service.register(email);
  await guessUntilBlocked(service, '2001:db8:1:2::1');
  await from(service, '2001:db8:1:2::99', right).expect(429);
  await from(service, '2001:db8:1:3::1', right).expect(200);
});

test('guesses from very many addresses make strangers wait, and no device that is known', async () => {
  const service = await customerService();
  const { deviceToken } = await service.register(email);
  await from(service, '203.0.113.7', { email, password: 'a guess' }).expect(401);
  await service.db.query("UPDATE login_throttles SET failures = 300 WHERE source = 'strangers'");
  await from(service, '203.0.113.8', { email, password: 'a guess' }).expect(401);
  await from(service, '203.0.113.9', right).expect(429).expect('retry-after', '60');
  await from(service, '203.0.113.9', { ...right, deviceToken }).expect(200);
});
