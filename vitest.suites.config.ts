import { defineConfig } from 'vitest/config';

/** The suites that try to break the gateway, one after the other: each has the machine to itself, and prints its figures. */
export default defineConfig({
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    include: ['test/suites/**/*.test.ts'],
    globalSetup: ['test/kit/process-reaper.ts', 'test/kit/server.ts'],
    setupFiles: ['test/kit/reap-after-file.ts'],
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 60_000,
    // What a suite prints is read as it comes.
    disableConsoleIntercept: true,
  },
});
