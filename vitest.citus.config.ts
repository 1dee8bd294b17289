import { defineConfig } from 'vitest/config';
import shared, { postgres } from './vitest.config.ts';

if (!process.env.TEST_CITUS_URL) {
  throw new Error(
    'TEST_CITUS_URL is not set. Set it to the URL of a superuser on a PostgreSQL 15 with Citus 13 (CONTRIBUTING.md).',
  );
}

/** What a distributed database does not have. Its migrations have a test of their own, db/distributed-migrations. */
const WITHOUT_CITUS = [
  // Migrations of a database that is not distributed.
  'db/migrate',
  'db/committed-migrations',
  // Partitions and optional indexes.
  'db/partition*',
  'events/partitions',
  'db/indexes',
  'users/optional-indexes',
  // Prepared statements, and the plans of PostgreSQL for them.
  'db/prepared-statements',
  'db/query-once',
  'db/plans',
  // pg_dump of a database, and its restore on a server without Citus.
  'changes/dump',
].map((name) => `test/database/${name}.test.ts`);

/** The tests of the domain, its statements and both APIs, on tables that are distributed. */
export default defineConfig({
  test: {
    ...shared.test,
    projects: [
      {
        extends: true,
        test: { ...postgres, include: ['test/{api,database,property}/**/*.test.ts'], exclude: WITHOUT_CITUS },
      },
    ],
  },
});
