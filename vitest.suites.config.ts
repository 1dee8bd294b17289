import { defineConfig } from 'vitest/config';

/** Suites that check what programs do, not how fast, and wait for much of their time: two run at once. */
const CONCURRENT = [
  'acknowledged',
  'changes',
  'database-tls',
  'embedded-away',
  'erasure',
  'failover',
  'faults',
  'fuzz',
  'helm',
  'image',
  'installation',
  'restore',
  'sent-again',
  'strangers',
  'upgrade',
].map((name) => `test/suites/${name}.test.ts`);

/** Destructive and load suites. They print their figures. */
export default defineConfig({
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    // The default of 1 s is not enough on a busy machine; test/kit/setup.ts does the same for `vi.waitFor`.
    expect: { poll: { timeout: 10_000 } },
    globalSetup: ['test/kit/process-reaper.ts', 'test/kit/server.ts'],
    setupFiles: ['test/kit/setup.ts', 'test/kit/reap-after-file.ts'],
    testTimeout: 15 * 60_000,
    hookTimeout: 60_000,
    // Prints the output of a suite immediately.
    disableConsoleIntercept: true,
    projects: [
      {
        extends: true,
        test: { name: 'concurrent', include: CONCURRENT, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        // Each measures or loads the whole machine.
        test: {
          name: 'alone',
          include: ['test/suites/**/*.test.ts'],
          exclude: CONCURRENT,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
