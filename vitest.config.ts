import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Tests that need a PostgreSQL. */
export const postgres = {
  name: 'postgres',
  // Node runs the modules itself, as in production: nothing is transformed.
  experimental: { viteModuleRunner: false },
  // A worker runs many files and loads the gateway once. Tests are isolated by workspace (test/kit/app.ts).
  isolate: false,
  include: ['test/{api,clients,database,process,property}/**/*.test.ts'],
  globalSetup: ['test/kit/process-reaper.ts', 'test/kit/server.ts'],
  setupFiles: ['test/kit/reap-after-file.ts'],
  // While other programs keep all cores busy, programs take several times as long to start.
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    // The default of 1 s is not enough on a busy machine; test/kit/setup.ts does the same for `vi.waitFor`.
    expect: { poll: { timeout: 10_000 } },
    // Tests wait for databases and programs more than they compute: a small machine has time for two files at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    unstubEnvs: true,
    setupFiles: ['test/kit/setup.ts'],
    // Compiled once for all workers and for the programs that tests start; also the cache of npm start.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/compile') },
    projects: [
      {
        extends: true,
        // Two copies of graphql would load otherwise: one for `import`, one for `require`.
        resolve: { alias: { graphql: 'graphql/index.js' } },
        // Vite's module runner, with a worker per file: tests may replace modules (`vi.mock`).
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // On a busy machine, tests that parse megabytes exceed the default of 5 s. What they check is memory and counts, not time.
          testTimeout: 30_000,
        },
      },
      { extends: true, test: postgres },
    ],
  },
});
