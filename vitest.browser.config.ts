import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/kit/process-reaper.ts'],
    setupFiles: ['test/kit/reap-after-file.ts'],
    // The browsers and the tests wait for each other most of the time.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
