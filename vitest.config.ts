import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Two copies of graphql would load otherwise: one for `import`, one for `require`.
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    // Tests wait for databases and programs more than they compute: a small machine has time for two files at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: ['test/{api,database,process,property}/**/*.test.ts'],
          globalSetup: ['test/kit/process-reaper.ts', 'test/kit/server.ts'],
          setupFiles: ['test/kit/reap-after-file.ts'],
          // While other programs keep all cores busy, programs take several times as long to start.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
