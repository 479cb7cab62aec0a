import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,scripts}/**/*.test.ts'],
          // They need a cluster: npm run test:cluster.
          exclude: ['**/node_modules/**', '**/*.cluster.test.ts'],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          setupFiles: ['packages/testing/src/no-warnings.ts'],
          testTimeout: 30_000,
          // Vitest leaves a processor to others, which is half of a small machine. These wait for Postgres most of the time.
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // The whole system with real kills: apart from the others, and two at a time, which wait for time-outs mostly.
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          setupFiles: ['packages/testing/src/no-warnings.ts'],
          testTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
