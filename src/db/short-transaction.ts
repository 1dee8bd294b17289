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
 * SQL that locks a table in a short transaction, and starts to count: together with the locks of the statements before it, all later ones
 * wait for at most 40 ms.
 * @param table as in SQL, such as `ONLY events`.
 */
export const lockTableSql = (table: string, mode: LockMode) => `LOCK TABLE ${table} IN ${mode} MODE; ${REMAINING_WAIT}`;

/** Other transactions held locks during all attempts at a short transaction. */
export class LockHoldersError extends Error {
  override name = 'LockHoldersError';

  /** @param holders as `describeLockHolders` returns them. */
  constructor(seconds: number, holders: string) {
    super(
      `Other transactions held locks on events or workspaces for ${seconds} s: ${holders}. SELECT pg_terminate_backend(pid) ends one.`,
    );
  }
}

/** How often a short transaction is repeated that does not get its locks. */
interface Attempts {
  attempts: number;
  /** Ends the attempts. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs statements that take strong locks in one transaction, which waits for the first lock for at most 40 ms, and repeats it until it gets
 * its locks.
 *
 * The commit does not wait for synchronous standbys, since PostgreSQL keeps the locks while it does, and a standby with `remote_apply`
 * replays them only when its readers have ended. Later commits that wait for a standby wait for this one as well.
 * @param useClient called for each attempt, with what it does with a connection.
 * @param prepare runs in the transaction before, and returns the statements; undefined rolls back.
 * @returns how long the statements took with their waits for locks, in ms; undefined if they were rolled back.
 * @throws {LockHoldersError} after the last attempt. @throws the reason of the signal.
 */
export async function runShortTransaction(
  useClient: <Result>(work: (client: PoolClient) => Promise<Result>) => Promise<Result>,
  label: string,
  prepare: (client: PoolClient) => Promise<readonly string[] | undefined>,
  { attempts, signal }: Attempts,
): Promise<number | undefined> {
  const startedAt = performance.now();
  const outcome = await retryOnLockConflict(() => useClient((client) => attempt(client, label, prepare)), {
    pauseMs: PAUSE_MS,
    attempts,
    signal,
  });
  if (outcome !== LOCK_CONFLICT) return outcome;
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  throw new LockHoldersError(seconds, await useClient(describeLockHolders));
}

/** As `runShortTransaction`, with statements that are known before, on one connection. */
export async function runStatements(
  client: PoolClient,
  label: string,
  statements: readonly string[],
  options: Attempts,
): Promise<number> {
  return (
    (await runShortTransaction(
      (work) => work(client),
      label,
      async () => statements,
      options,
    )) ?? 0
  );
}

async function attempt(
  client: PoolClient,
  label: string,
  prepare: (client: PoolClient) => Promise<readonly string[] | undefined>,
): Promise<number | undefined | typeof LOCK_CONFLICT> {
  const settings = `SET LOCAL lock_timeout TO ${LOCK_TIMEOUT_MS}; SET LOCAL synchronous_commit TO local`;
  try {
    await client.query(`/* ${label} */ BEGIN; ${settings}; ${searchPathSql('transaction')}`);
    const statements = await prepare(client);
    const startedAt = performance.now();
    // One round trip: locks are held only for as long as PostgreSQL works.
    await client.query(`/* ${label} */ ${[...(statements ?? []), statements ? 'COMMIT' : 'ROLLBACK'].join(';\n')}`);
    return statements && performance.now() - startedAt;
  } catch (error) {
    // A broken connection cannot roll back: the first error says why.
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
