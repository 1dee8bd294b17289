import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/kit/process-reaper.ts'],
    setupFiles: ['test/kit/reap-after-file.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
