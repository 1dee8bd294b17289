import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const fast = ['test/architecture.test.ts', 'test/schema.test.ts', 'test/config.test.ts', 'test/docs.test.ts'];

export default defineConfig({
  // Two copies of graphql would load otherwise: one for `import`, one for `require`.
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    // Tests wait for databases and programs more than they compute: a small machine has time for two files at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { extends: true, test: { name: 'static', include: fast } },
      {
        extends: true,
        test: {
          name: 'database',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/suites/**', ...fast],
          globalSetup: ['test/kit/server.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
