import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { DatabaseClient } from '../client.ts';
import { describeDatabaseError, inOneLine } from '../errors.ts';
import { INDEX_LOCK } from '../indexes/manage.ts';
import { isLockConflict } from '../migrations/lock-conflicts.ts';
import { PRISMA_LOCK } from '../migrations/migrate.ts';

/** Partitions cannot be changed; the message says why, and what to do, in one line. */
export class PartitionError extends Error {
  override name = 'PartitionError';
}

/** Maximum wait in ms for a strong lock. Statements that arrive meanwhile wait as long; then they pass. */
const LOCK_TIMEOUT_MS = 40;

/** Attempts of a step, with pauses between them: about two minutes. */
const ATTEMPTS = 300;
const PAUSE_MS = 360;

const INSUFFICIENT_PRIVILEGE = '42501';

/** A session that holds the locks of partitions, indexes and migrations, which exclude each other. */
export interface PartitionSession {
  client: PoolClient;
  /**
   * Runs statements in one transaction that waits for each lock for at most 40 ms, and repeats it until it gets them.
   * @returns how long the successful attempt took, in ms.
   */
  transaction(label: string, statements: readonly string[]): Promise<number>;
}

/**
 * Runs work while no other process changes partitions or indexes, or applies migrations.
 * @returns undefined if another process does.
 * @throws {PartitionError} also if the role does not own the tables.
 */
export async function withPartitionLock<Result>(
  { pool }: DatabaseClient,
  work: (session: PartitionSession) => Promise<Result>,
): Promise<Result | undefined> {
  const client = await pool.connect();
  let isReusable = false;
  try {
    for (const lock of [INDEX_LOCK, PRISMA_LOCK]) {
      const { rows } = await client.query<{ isLocked: boolean }>(
        `/* lockPartitions */ SELECT pg_try_advisory_lock(${lock}) AS "isLocked"`,
      );
      if (!rows[0]?.isLocked) return undefined;
    }
    const result = await work({ client, transaction: (label, statements) => runShort(client, label, statements) });
    await client.query(
      `/* unlockPartitions */ SELECT pg_advisory_unlock(${PRISMA_LOCK}), pg_advisory_unlock(${INDEX_LOCK})`,
    );
    isReusable = true;
    return result;
  } catch (error) {
    throw explain(error);
  } finally {
    // Closing the connection releases the locks as well.
    client.release(!isReusable);
  }
}

function explain(error: unknown): unknown {
  if (describeDatabaseError(error).sqlState !== INSUFFICIENT_PRIVILEGE) return error;
  return new PartitionError(
    `The role may not change the partitions of events: ${inOneLine(error)}. Set DATABASE_URL to the role that owns the tables.`,
    { cause: error },
  );
}

async function runShort(client: PoolClient, label: string, statements: readonly string[]): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      await client.query(`/* ${label} */ BEGIN; SET LOCAL lock_timeout TO ${LOCK_TIMEOUT_MS}`);
      const startedAt = performance.now();
      // One round trip: locks are held only for as long as PostgreSQL works.
      await client.query(`/* ${label} */ ${statements.join(';\n')}; COMMIT`);
      return performance.now() - startedAt;
    } catch (error) {
      await client.query(`/* ${label} */ ROLLBACK`);
      if (!isLockConflict(error)) throw error;
      await delay(PAUSE_MS);
    }
  }
  throw new PartitionError(
    `Other transactions held a lock on events or workspaces for two minutes. End them, and run the command again: SELECT pid, query FROM pg_stat_activity WHERE xact_start < now() - interval '10 s'`,
  );
}
