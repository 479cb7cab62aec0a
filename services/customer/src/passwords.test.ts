import { expect, test } from 'vitest';
import { cheapCost } from '../test/customer-service.ts';
import { createPasswords, presentCost } from './passwords.ts';

test('a hash has its parameters and a salt of its own, and only its password fits', async () => {
  const passwords = createPasswords({ cost: presentCost, concurrency: 2 });
  const [hash, again] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
  expect(hash).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
  expect(again).not.toBe(hash);
  expect(await passwords.verify('correct horse', hash)).toBe(true);
  expect(await passwords.verify('correct house', hash)).toBe(false);
});

test('a hash of another cost is still good, as its own text says how it was made', async () => {
  const before = createPasswords({ cost: { N: 2 ** 9, r: 4, p: 2 }, concurrency: 1 });
  const now = createPasswords({ cost: cheapCost, concurrency: 1 });
  const hash = await before.hash('correct horse');
  expect(await now.verify('correct horse', hash)).toBe(true);
  expect(await now.verify('wrong horse', hash)).toBe(false);
});

test('the same letters in another composition are the same password', async () => {
  const passwords = createPasswords({ cost: cheapCost, concurrency: 1 });
  const hash = await passwords.hash('Käsekuchen'.normalize('NFC'));
  expect(await passwords.verify('Käsekuchen'.normalize('NFD'), hash)).toBe(true);
});

test('where there is no account nothing fits, after as much work as anywhere', async () => {
  const passwords = createPasswords({ cost: { ...cheapCost, N: 2 ** 14 }, concurrency: 1 });
  const hash = await passwords.hash('correct horse');
  const timed = async (stored: string | undefined) => {
    const start = performance.now();
    expect(await passwords.verify('a guess', stored)).toBe(false);
    return performance.now() - start;
  };
  const times = { account: [] as number[], nobody: [] as number[] };
  for (let i = 0; i < 9; i++) {
    times.account.push(await timed(hash));
    times.nobody.push(await timed(undefined));
  }
  const typical = (list: number[]) => list.toSorted((a, b) => a - b)[4]!;
  const ratio = typical(times.nobody) / typical(times.account);
  expect(ratio).toBeGreaterThan(0.4);
  expect(ratio).toBeLessThan(2.5);
});

test('more than can be computed soon are refused, and those in line are all served', async () => {
  const passwords = createPasswords({ cost: cheapCost, concurrency: 2 });
  const results = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.hash('x')));
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(60 - 2 - 50);
  expect(refused[0]).toMatchObject({ reason: { code: 'unavailable', retryAfter: 5 } });
  expect(await passwords.verify('x', await passwords.hash('x'))).toBe(true);
});
