import { defineConfig } from 'vitest/config';

// Apart from the tests of `npm test`, which a machine without Helm passes: `npm run check:charts` runs these.
export default defineConfig({ test: { include: ['charts/**/*.test.ts'], testTimeout: 30_000 } });
