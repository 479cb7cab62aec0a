import { setReadOnly } from '@orderflow/testing/database';
import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';

test('while Postgres is read-only, logging in, refreshing and registering are answered 503 with when to try again', async () => {
  const { app, db, register, logIn, refresh } = await customerService();
  const { refreshToken } = await register();
  await setReadOnly(db, true);
  const grace = { name: 'Grace', email: 'grace@example.org', password: 'correct horse' };
  const answers = [
    await logIn(),
    await logIn('ada@example.org', 'a guess'),
    await refresh(refreshToken),
    await request(app).post('/api/auth/register').send(grace),
  ];
  for (const { status, body, headers } of answers) {
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  await setReadOnly(db, false);
  await refresh(refreshToken).expect(200);
  await logIn().expect(200);
});
