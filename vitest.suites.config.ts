import { defineConfig } from 'vitest/config';

/** Destructive and load suites. They run sequentially, since each needs the whole machine, and print their figures. */
export default defineConfig({
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    include: ['test/suites/**/*.test.ts'],
    globalSetup: ['test/kit/process-reaper.ts', 'test/kit/server.ts'],
    setupFiles: ['test/kit/reap-after-file.ts'],
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 60_000,
    // Prints the output of a suite immediately.
    disableConsoleIntercept: true,
  },
});
