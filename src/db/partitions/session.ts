import { DatabaseError, type PoolClient } from 'pg';
import { BUSY, INDEX_LOCK, PRISMA_LOCK } from '../advisory-locks.ts';
import type { Database, DatabaseClient } from '../client.ts';
import { describeDatabaseError, inOneLine } from '../errors.ts';
import { LockHoldersError, runShortTransaction, runStatements, searchPathSql } from '../short-transaction.ts';
import { statementsOnClient, withConnection } from '../statements.ts';
import { type PartitionState, readPartitionState } from './state.ts';

/** Partitions cannot be changed; the message says why, and what to do, in one line. */
export class PartitionError extends Error {
  override name = 'PartitionError';
}

/** Attempts of a step of a conversion, which has a long check behind it: two minutes. */
const CONVERSION_ATTEMPTS = 300;

/** Attempts of another change: four seconds, since a gateway that shuts down waits for it. Its job tries again within an hour. */
export const CHANGE_ATTEMPTS = 10;

/** The advisory locks of optional indexes and of migrations: changes of partitions take both, so that all exclude each other. */
const LOCKS = [INDEX_LOCK, PRISMA_LOCK];

/** A session that holds the locks of partitions, indexes and migrations. */
export interface PartitionSession {
  client: PoolClient;
  /** Runs statements in one transaction that waits for locks for at most 40 ms, and repeats it until it gets them (`runStatements`). */
  transaction(label: string, statements: readonly string[], attempts?: number): Promise<void>;
  /** Duration of its slowest transaction in ms, an upper bound of how long it held locks. */
  longestMs(): number;
}

/**
 * Runs work in a session while no other process changes partitions or indexes, or applies migrations.
 * @throws {PartitionError} if another process holds the locks, or the role does not own the tables.
 */
export async function withPartitionLock<Result>(
  { pool }: DatabaseClient,
  work: (session: PartitionSession) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isReusable = false;
  let longestMs = 0;
  const transaction = async (label: string, statements: readonly string[], attempts = CONVERSION_ATTEMPTS) => {
    longestMs = Math.max(longestMs, await runStatements(client, label, statements, { attempts }));
  };
  try {
    if (!(await tryLocks(client, 'pg_try_advisory_lock'))) throw new PartitionError(BUSY);
    await client.query(`/* lockPartitions */ ${searchPathSql('session')}`);
    const result = await work({ client, transaction, longestMs: () => longestMs });
    await client.query(
      `/* unlockPartitions */ SELECT ${LOCKS.map((lock) => `pg_advisory_unlock(${lock})`).join(', ')}; RESET search_path`,
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

/**
 * Changes partitions in one short transaction, which works behind a connection pooler and needs one connection only. It is repeated
 * until it gets its locks; the connection is free between the attempts.
 * @param plan returns the statements, by the partitions as they are under the locks; none leaves them as they are.
 * @returns false if another process changes partitions or indexes, or applies migrations.
 * @throws {PartitionError} also if the role does not own the tables.
 */
export async function changePartitions(
  { connections }: Database,
  label: string,
  plan: (state: PartitionState) => readonly string[],
): Promise<boolean> {
  const planUnderLocks = async (client: PoolClient) =>
    (await tryLocks(client, 'pg_try_advisory_xact_lock'))
      ? plan(await readPartitionState(statementsOnClient(client, false)))
      : undefined;
  try {
    const durationMs = await runShortTransaction((work) => withConnection(connections, work), label, planUnderLocks, {
      attempts: CHANGE_ATTEMPTS,
    });
    return durationMs !== undefined;
  } catch (error) {
    throw explain(error);
  }
}

async function tryLocks(client: PoolClient, lockFunction: string): Promise<boolean> {
  const locks = LOCKS.map((lock) => `${lockFunction}(${lock})`).join(' AND ');
  const { rows } = await client.query<{ isLocked: boolean }>(`/* lockPartitions */ SELECT ${locks} AS "isLocked"`);
  return rows[0]?.isLocked ?? false;
}

/** What to do about errors that only an operator can solve, by SQLSTATE. */
const ADVICE: Readonly<Record<string, { problem: string; remedy: string }>> = {
  42501: {
    problem: 'The role may not change the partitions of events',
    remedy: 'Connect as the role that owns the tables (the user in the URL of the database).',
  },
  '2BP01': {
    problem: 'A view or another object uses a partition',
    remedy: 'Drop that object, or let it read events instead.',
  },
  '42P07': {
    problem: 'The name of a partition or of an index of it is in use',
    remedy: 'Rename that table or index.',
  },
  '42P17': {
    problem: 'A partition of another range contains a part of the month',
    remedy: 'Partitions contain whole months in UTC: detach the other partition, and insert its rows into events.',
  },
};

function explain(error: unknown): unknown {
  if (error instanceof LockHoldersError) {
    return new PartitionError(`${error.message} Retry when they have ended.`, { cause: error });
  }
  const advice = ADVICE[describeDatabaseError(error).sqlState];
  if (!advice) return error;
  const detail = error instanceof DatabaseError && error.detail ? ` (${error.detail.replaceAll(/\s+/g, ' ')})` : '';
  return new PartitionError(`${advice.problem}: ${inOneLine(error)}${detail}. ${advice.remedy}`, { cause: error });
}
