import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';

const FILL = `
  INSERT INTO customers (id, name, email, guest, sequence)
  SELECT gen_random_uuid(), CASE WHEN n % 500 = 0 THEN 'Łucja ' ELSE 'Customer ' END || n, 'a' || n || '@example.com', true, 1
  FROM generate_series(1, 10000) AS n`;

const FILL_ACCOUNTS = `
  INSERT INTO accounts (id, role, email, name, password_hash)
  SELECT gen_random_uuid(), 'admin', 'a' || n || '@example.com', 'Admin', '' FROM generate_series(1, 10000) AS n`;

test('every list of customers reads about as many rows as it shows, by names and by addresses', {
  timeout: 90_000,
}, async () => {
  const { db, app } = await customerService();
  await fillTables(db, FILL);
  await fillTables(db, FILL_ACCOUNTS);
  const callers = { admin: await as.admin() };
  const listAccounts = { filters: { email: 'a77@example.com' }, callers };
  for (const q of ['łUC', 'A1234']) {
    const listCustomers = { filters: { q }, callers };
    const samples = { listCustomers, listAccounts };
    expect(await wastefulLists({ service: 'customer', app, db, samples })).toEqual([]);
  }
});
