import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { isLockConflict } from './migrations/lock-conflicts.ts';

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

/** SQL that leaves the locks to come what remains of the wait. The clock starts with the message that contains the statements. */
const REMAINING_WAIT = `SELECT set_config('lock_timeout', greatest(1, ${LOCK_TIMEOUT_MS} -
  (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::int)::text, true)`;

/**
 * Runs statements that take strong locks in one transaction. It waits for the first lock for at most 40 ms. A statement that begins
 * with `LOCK TABLE` starts to count: together with the locks of the statements before it, all later ones wait as long.
 *
 * The commit does not wait for synchronous standbys, since PostgreSQL keeps the locks while it does, and a standby with `remote_apply`
 * replays them only when its readers have ended. Later commits that wait for a standby wait for this one as well.
 * @param prepare runs in the transaction before, and returns the statements; undefined rolls back.
 * @returns how long they took with their waits for locks, in ms; undefined if it was rolled back.
 */
export async function runTransaction(
  client: ClientBase,
  label: string,
  prepare: () => Promise<readonly string[] | undefined>,
): Promise<number | undefined> {
  const settings = `SET LOCAL lock_timeout TO ${LOCK_TIMEOUT_MS}; SET LOCAL synchronous_commit TO local`;
  try {
    await client.query(`/* ${label} */ BEGIN; ${settings}; ${searchPathSql('transaction')}`);
    const statements = await prepare();
    const startedAt = performance.now();
    const steps = (statements ?? []).flatMap((sql) => (sql.startsWith('LOCK TABLE') ? [sql, REMAINING_WAIT] : [sql]));
    // One round trip: locks are held only for as long as PostgreSQL works.
    await client.query(`/* ${label} */ ${[...steps, statements ? 'COMMIT' : 'ROLLBACK'].join(';\n')}`);
    return statements && performance.now() - startedAt;
  } catch (error) {
    await client.query(`/* ${label} */ ROLLBACK`);
    throw error;
  }
}

/**
 * Repeats work while it does not get its locks.
 * @param giveUp returns the error after the last attempt. @param seconds how long the attempts took.
 * @param signal ends the attempts. @throws the reason of the signal.
 */
export async function repeatOnLockConflict<Result>(
  attempts: number,
  run: () => Promise<Result>,
  giveUp: (seconds: number) => Promise<Error>,
  signal?: AbortSignal,
): Promise<Result> {
  const startedAt = performance.now();
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      if (!isLockConflict(error)) throw error;
      // The check before the next attempt throws the reason.
      if (attempt < attempts) await delay(PAUSE_MS, undefined, signal && { signal }).catch(() => {});
    }
  }
  throw await giveUp(Math.round((performance.now() - startedAt) / 1_000));
}

/**
 * Names the transactions that have held locks on `events`, its partitions or `workspaces` for a second: pid, mode and table. Roles without
 * pg_read_all_stats do not see how long, so they get all.
 */
export async function describeLockHolders(client: ClientBase): Promise<string> {
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
