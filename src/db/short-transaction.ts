import type { PoolClient } from 'pg';
import { isLockConflict } from './errors.ts';
import { LOCK_CONFLICT, retryOnLockConflict } from './migrations/lock-conflicts.ts';

/** Maximum wait in ms for the locks of a transaction. Statements that arrive meanwhile wait as long; then they pass. */
const LOCK_TIMEOUT_MS = 40;

/** The pause between two attempts, in ms. */
const PAUSE_MS = 360;

/** The schema of `events` comes first, so that a role with a schema of its own neither creates nor finds anything there. */
const EVENTS_FIRST = `(SELECT concat_ws(', ', quote_ident(nspname), nullif(current_setting('search_path'), ''))
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass('events'))`;

/** SQL that puts the schema of `events` first in the search path, for the transaction or the session. */
export const searchPathSql = (duration: 'transaction' | 'session') =>
  `SELECT set_config('search_path', ${EVENTS_FIRST}, ${duration === 'transaction'})`;

type LockMode = 'SHARE' | 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE';

/** SQL that leaves the locks to come what remains of the wait. The clock starts with the message that contains the statements. */
const REMAINING_WAIT = `SELECT set_config('lock_timeout', greatest(1, ${LOCK_TIMEOUT_MS} -
  (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::int)::text, true)`;

/**
 * SQL that locks a table, and reduces `lock_timeout` to what is left of the 40 ms for the statements after it.
 * @param table as in SQL, such as `ONLY events`.
 */
export const lockTableSql = (table: string, mode: LockMode) => `LOCK TABLE ${table} IN ${mode} MODE; ${REMAINING_WAIT}`;

/** Every attempt at a short transaction timed out waiting for its locks. */
export class LockHoldersError extends Error {
  override name = 'LockHoldersError';

  /** @param holders as `describeLockHolders` returns them. */
  constructor(seconds: number, holders: string) {
    super(
      `Other transactions held locks on events or workspaces for ${seconds} s: ${holders}. SELECT pg_terminate_backend(pid) ends one.`,
    );
  }
}

/** How often a short transaction is tried before it fails with `LockHoldersError`. */
interface Attempts {
  attempts: number;
  /** Prevents further attempts; does not interrupt a running one. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs statements that take strong locks in one transaction, which waits for the first lock for at most 40 ms, and repeats it until it gets
 * its locks.
 *
 * The commit does not wait for synchronous standbys, since PostgreSQL keeps the locks while it does, and a standby with `remote_apply`
 * replays them only when its readers have ended. Later commits that wait for a standby wait for this one as well.
 * @typeParam Nothing `undefined` if the plan can return it, otherwise `never`.
 * @param useClient runs a function on a connection; called once for each attempt.
 * @param plan runs first in the transaction, and returns the statements; undefined rolls back.
 * @returns how long the statements took with their waits for locks, in ms; undefined if they were rolled back.
 * @throws {LockHoldersError} after the last attempt. @throws the reason of the signal.
 */
export async function runShortTransaction<Nothing extends undefined>(
  useClient: <Result>(work: (client: PoolClient) => Promise<Result>) => Promise<Result>,
  label: string,
  plan: (client: PoolClient) => Promise<readonly string[] | Nothing>,
  { attempts, signal }: Attempts,
): Promise<number | Nothing> {
  const startedAt = performance.now();
  const outcome = await retryOnLockConflict(() => useClient((client) => attemptTransaction(client, label, plan)), {
    pauseMs: PAUSE_MS,
    attempts,
    signal,
  });
  if (outcome !== LOCK_CONFLICT) return outcome;
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  throw new LockHoldersError(seconds, await useClient(describeLockHolders));
}

/** Runs fixed statements in a short transaction on one connection. */
export function runStatements(
  client: PoolClient,
  label: string,
  statements: readonly string[],
  options: Attempts,
): Promise<number> {
  return runShortTransaction<never>(
    (work) => work(client),
    label,
    async () => statements,
    options,
  );
}

async function attemptTransaction<Nothing extends undefined>(
  client: PoolClient,
  label: string,
  plan: (client: PoolClient) => Promise<readonly string[] | Nothing>,
): Promise<number | Nothing | typeof LOCK_CONFLICT> {
  const settings = `SET LOCAL lock_timeout TO ${LOCK_TIMEOUT_MS}; SET LOCAL synchronous_commit TO local`;
  try {
    await client.query(`/* ${label} */ BEGIN; ${settings}; ${searchPathSql('transaction')}`);
    const statements = await plan(client);
    const startedAt = performance.now();
    // One round trip: locks are held only for as long as PostgreSQL works.
    await client.query(`/* ${label} */ ${[...(statements ?? []), statements ? 'COMMIT' : 'ROLLBACK'].join(';\n')}`);
    return statements && performance.now() - startedAt;
  } catch (error) {
    // A rollback fails if the connection is broken; the first error says why.
    const isRolledBack = await client.query(`/* ${label} */ ROLLBACK`).then(
      () => true,
      () => false,
    );
    if (isRolledBack && isLockConflict(error)) return LOCK_CONFLICT;
    throw error;
  }
}

/**
 * Names the transactions that have held locks on `events`, its partitions or `workspaces` for a second: pid, mode and table. Roles without
 * pg_read_all_stats do not see how long, so they get all.
 */
async function describeLockHolders(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ holders: string | null }>(`/* readLockHolders */
    SELECT string_agg(holder, ', ') AS holders FROM (
      SELECT format('pid %s (%s on %s%s)', lock.pid, lock.mode, lock.relation::regclass,
        CASE backend_type WHEN 'autovacuum worker' THEN ', autovacuum' ELSE '' END) AS holder
      FROM pg_locks AS lock LEFT JOIN pg_stat_activity AS session ON session.pid = lock.pid
      WHERE lock.granted AND lock.pid <> pg_backend_pid() AND lock.locktype = 'relation'
        AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (lock.relation IN (to_regclass('events'), to_regclass('workspaces'))
          OR lock.relation IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('events')))
        AND (xact_start IS NULL OR xact_start < clock_timestamp() - interval '1 s')
      ORDER BY xact_start NULLS LAST, lock.pid, lock.relation, lock.mode LIMIT 5
    ) AS held`);
  return rows[0]?.holders ?? 'none of them holds one now';
}
