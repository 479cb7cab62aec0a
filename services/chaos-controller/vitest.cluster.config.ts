import { defineConfig } from 'vitest/config';

// Apart from the tests of `npm test`, which a machine without a cluster passes: `npm run test:cluster` runs these.
export default defineConfig({
  test: {
    include: ['services/chaos-controller/src/**/*.cluster.test.ts'],
    globalSetup: ['packages/testing/src/global-setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 240_000,
    fileParallelism: false,
  },
});
