import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Two copies of graphql would load otherwise: one for `import`, one for `require`.
  resolve: { alias: { graphql: 'graphql/index.js' } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**'],
    globalSetup: ['test/kit/server.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
