import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';

test.fails('a test fails when Node warns during it', async () => {
  await sleep(-11);
});
