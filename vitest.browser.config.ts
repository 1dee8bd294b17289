import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The default of 1 s is not enough on a busy machine; test/kit/setup.ts does the same for `vi.waitFor`.
    expect: { poll: { timeout: 10_000 } },
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/kit/process-reaper.ts'],
    setupFiles: ['test/kit/setup.ts', 'test/kit/reap-after-file.ts'],
    // The browsers and the tests wait for each other most of the time.
    maxWorkers: 2,
    // A gateway and a browser take several times as long to start on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
