import { defineConfig } from 'vitest/config';

/** Runs `leaking.ts` for `test/process/kit/process-reaper.test.ts`, with the reapers of the other tests. */
export default defineConfig({
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    include: ['test/kit/leaking/leaking.ts'],
    globalSetup: ['test/kit/process-reaper.ts'],
    setupFiles: ['test/kit/reap-after-file.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
