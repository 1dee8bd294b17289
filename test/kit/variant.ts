import type { Limits } from '../../src/config/limits.ts';

/** How the gateways of all tests execute operations and statements. */
interface Variant {
  /** Whether statements are prepared. */
  prepared: boolean;
  /** Whether the application's clients connect to PgBouncer (test/kit/pgbouncer.ts). */
  pooled: boolean;
  /** Whether the events of all test databases are partitioned. */
  partitioned: boolean;
  /** Whether all test databases are distributed (docs/scale-out.md). */
  distributed: boolean;
  /** As in `Dependencies`. */
  compileAfter: number | undefined;
  limits: Partial<Limits>;
}

const { TEST_CITUS_URL, TEST_PREPARED, TEST_POOLER, TEST_PARTITIONED, TEST_COMPILED } = process.env;

/** The variant that `TEST_PREPARED=off`, `TEST_POOLER=on`, `TEST_PARTITIONED=on` and `TEST_COMPILED=always|never` select; by default, that of production. */
export const variant: Variant = {
  prepared: TEST_PREPARED !== 'off' && TEST_CITUS_URL === undefined,
  pooled: TEST_POOLER === 'on',
  partitioned: TEST_PARTITIONED === 'on',
  distributed: TEST_CITUS_URL !== undefined,
  compileAfter: TEST_COMPILED === 'always' ? 0 : undefined,
  limits: TEST_COMPILED === 'never' ? { compiledCacheBytes: 0 } : {},
};
