import type { PoolClient } from 'pg';
import { BUSY, INDEX_LOCK } from '../advisory-locks.ts';
import type { DatabaseClient } from '../client.ts';
import { clauseOf, describeDatabaseError, inOneLine } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import { lockTableSql, runStatements } from '../short-transaction.ts';
import type { ReadDb } from '../statements.ts';
import { type IndexName, indexOf } from './catalogue.ts';
import { hasAsciiTrigrams, readIndexStates } from './state.ts';

/** An index cannot be created or dropped; the message says why, and what to do, in one line. */
export class IndexError extends Error {
  override name = 'IndexError';
}

/** How far the creation of an index is. */
export interface IndexProgress {
  /** As PostgreSQL names it, such as `building index: scanning table`. */
  phase: string;
  /** The share of the phase that is done, from 0 to 1; undefined if it is unknown. */
  share: number | undefined;
}

interface CreateOptions {
  onProgress(progress: IndexProgress): void;
  /** Whether trigrams may consist of ASCII only. */
  acceptsAsciiTrigrams: boolean;
  /** Ends the creation: with an `IndexError` if a statement is running, otherwise with its reason. Can leave an invalid index. */
  signal: AbortSignal;
}

/** Interval in ms between two looks at the progress. */
const PROGRESS_MS = 500;

/** Attempts to lock a partitioned table: two minutes, since the indexes of partitions take longer. */
const LOCK_ATTEMPTS = 300;

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Creates an index without blocking writes, and with it the extensions that it needs. An invalid index is replaced.
 * @param db with at least two connections, and without timeouts that are shorter than the creation takes.
 * @returns false if the index was already there.
 * @throws {IndexError} also if another session is creating the index.
 */
export async function createIndex(db: DatabaseClient, name: IndexName, options: CreateOptions): Promise<boolean> {
  const { table, relation, definition, extensions } = indexOf(name);
  if ((await stateOf(db, name)) === 'valid') return false;
  for (const extension of extensions) {
    options.signal.throwIfAborted();
    await createExtension(db, extension);
  }
  const trigrams = extensions.includes('pg_trgm') ? await trigramOperators(db, options) : '';
  return withLock(db, async (run, pid) => {
    const state = await stateOf(db, name);
    // Another process can have created it since the first look.
    if (state === 'valid') return false;
    if (state === 'creating') {
      throw new IndexError(`${relation} is being created by another session. Retry when that has ended.`);
    }
    const runUnlessAborted = (step: Step) => {
      options.signal.throwIfAborted();
      return run(step, options.signal);
    };
    const cancel = () => void db.query`/* cancelIndex */ SELECT pg_cancel_backend(${pid}::int)`.catch(() => {});
    options.signal.addEventListener('abort', cancel);
    const timer = setInterval(() => void report(db, pid, options).catch(() => {}), PROGRESS_MS);
    try {
      const steps = await creationSteps(db, name, {
        definition: definition(trigrams),
        isInvalid: state === 'invalid',
      });
      for (const step of steps) await runUnlessAborted(step);
      // Statistics of the index's expressions, without which PostgreSQL guesses how many rows match.
      await runUnlessAborted({ label: 'analyze', sql: `ANALYZE "${table}"` });
      return true;
    } catch (error) {
      throw error === options.signal.reason ? error : explain(error, name);
    } finally {
      clearInterval(timer);
      options.signal.removeEventListener('abort', cancel);
    }
  });
}

/** A statement, or a transaction that locks out writers and is repeated until it gets its locks (`runStatements`). */
type Step = { label: string } & ({ sql: string } | { transaction: readonly string[] });

const dropStep = (index: string): Step => ({
  label: 'dropIndex',
  sql: `DROP INDEX CONCURRENTLY IF EXISTS "${index}"`,
});

/**
 * The steps that create an index, and replace an invalid one: index creation holds a lock, so that it is a leftover. PostgreSQL
 * cannot create an index of a partitioned table concurrently: each partition gets one, which is then attached.
 */
async function creationSteps(
  db: ReadDb,
  name: IndexName,
  { definition, isInvalid }: { definition: string; isInvalid: boolean },
): Promise<Step[]> {
  const { relation, table } = indexOf(name);
  const createStep = (index: string, on: string): Step => ({
    label: 'createIndex',
    sql: `CREATE INDEX CONCURRENTLY "${index}" ON "${on}" ${definition}`,
  });
  const partitions = await readUnindexedPartitions(db, table, relation);
  if (!partitions) return [...(isInvalid ? [dropStep(relation)] : []), createStep(relation, table)];
  const onParent = `CREATE INDEX IF NOT EXISTS "${relation}" ON ONLY "${table}" ${definition}`;
  return [
    { label: 'createIndex', transaction: [onParent] },
    ...partitions.flatMap((partition): Step[] => {
      const own = relation.replace(table, partition);
      return [
        dropStep(own),
        createStep(own, partition),
        { label: 'attachIndex', transaction: [`ALTER INDEX "${relation}" ATTACH PARTITION "${own}"`] },
      ];
    }),
  ];
}

/** The partitions of a table without an attached part of an index; undefined if the table is not partitioned. */
async function readUnindexedPartitions(db: ReadDb, table: string, index: string): Promise<string[] | undefined> {
  const [row] = await db.query<{ isPartitioned: boolean; partitions: string[] }[]>`/* readUnindexedPartitions */
    SELECT relkind = 'p' AS "isPartitioned", ARRAY(
      SELECT part.relname::text FROM pg_inherits JOIN pg_class AS part ON part.oid = pg_inherits.inhrelid
      WHERE pg_inherits.inhparent = parent.oid AND NOT EXISTS (
        SELECT FROM pg_index JOIN pg_inherits AS attached ON attached.inhrelid = pg_index.indexrelid
        WHERE pg_index.indrelid = part.oid AND attached.inhparent = to_regclass(${index}::text)
      ) ORDER BY 1
    ) AS partitions
    FROM pg_class AS parent WHERE parent.oid = to_regclass(${table}::text)`;
  return row?.isPartitioned ? row.partitions : undefined;
}

/** The operator class of trigrams. @throws {IndexError} if they would lack letters, unless that is accepted. */
async function trigramOperators(db: DatabaseClient, { acceptsAsciiTrigrams }: CreateOptions): Promise<string> {
  if (!acceptsAsciiTrigrams && (await hasAsciiTrigrams(db))) {
    throw new IndexError(
      'LC_CTYPE is C: pg_trgm ignores non-ASCII letters such as é or Ж. Use LC_CTYPE C.UTF-8, or pass --ascii-only to index ASCII text only.',
    );
  }
  return `${await schemaOf(db, 'pg_trgm')}.gin_trgm_ops`;
}

/** Drops an index without blocking writes. @returns false if there was none. @throws {IndexError} */
export async function dropIndex(db: DatabaseClient, name: IndexName): Promise<boolean> {
  const { relation, table } = indexOf(name);
  if ((await stateOf(db, name)) === 'missing') return false;
  await withLock(db, async (run) => {
    const steps = dropSteps(name, await readUnindexedPartitions(db, table, relation));
    try {
      for (const step of steps) await run(step);
    } catch (error) {
      throw explain(error, name);
    }
  });
  return true;
}

/** @param unindexed the partitions without an attached part, which can have one that an interrupted creation has left. */
function dropSteps(name: IndexName, unindexed: readonly string[] | undefined): Step[] {
  const { relation, table } = indexOf(name);
  if (!unindexed) return [dropStep(relation)];
  return [
    ...unindexed.map((partition) => dropStep(relation.replace(table, partition))),
    {
      label: 'dropIndex',
      transaction: [lockTableSql(`ONLY "${table}"`, 'ACCESS EXCLUSIVE'), `DROP INDEX IF EXISTS "${relation}"`],
    },
  ];
}

async function stateOf(db: ReadDb, name: IndexName) {
  return (await readIndexStates(db)).find((each) => each.name === name)?.state;
}

function explain(error: unknown, name: IndexName): IndexError {
  const { table, relation } = indexOf(name);
  const message = clauseOf(error);
  return new IndexError(
    describeDatabaseError(error).sqlState === INSUFFICIENT_PRIVILEGE
      ? `The role may not change the indexes of ${table}: ${message}. Connect as the role that owns the tables (the user in the URL of the database).`
      : `${relation}: ${message}. If the index is now invalid, it slows down writes until "indexes create ${name}" replaces it or "indexes drop ${name}" drops it.`,
    { cause: error },
  );
}

/** @throws {IndexError} if the server lacks the extension, or the role may not create it. */
async function createExtension(db: DatabaseClient, extension: string): Promise<void> {
  const [found] = await db.query<{ isInstalled: boolean }[]>`/* readExtension */
    SELECT installed_version IS NOT NULL AS "isInstalled" FROM pg_available_extensions WHERE name = ${extension}::text`;
  if (found?.isInstalled) return;
  if (!found) {
    throw new IndexError(
      `The server does not have the extension ${extension}. Install PostgreSQL's contrib modules on it (such as the package postgresql-contrib).`,
    );
  }
  await db
    .query(Prisma.sql`/* createExtension */ CREATE EXTENSION IF NOT EXISTS ${Prisma.raw(extension)}`)
    .catch((error: unknown) => {
      throw new IndexError(
        `The extension ${extension} cannot be created: ${inOneLine(error)}. Let the owner of the database run CREATE EXTENSION ${extension}.`,
        { cause: error },
      );
    });
}

/** The schema of an extension, quoted. */
async function schemaOf(db: ReadDb, extension: string): Promise<string> {
  const [row] = await db.query<{ schema: string }[]>`/* readExtensionSchema */
    SELECT quote_ident(nspname) AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = ${extension}::text`;
  return row?.schema ?? 'public';
}

/** Runs statements on one connection while no other process changes indexes or partitions. @throws {IndexError} */
async function withLock<T>(
  { pool }: DatabaseClient,
  work: (run: (step: Step, signal?: AbortSignal) => Promise<unknown>, pid: number) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let isReusable = false;
  try {
    // A blocking lock would hold a snapshot that CREATE INDEX CONCURRENTLY waits for: a deadlock.
    const { rows } = await client.query<{ isLocked: boolean; pid: number }>(
      `/* lockIndexes */ SELECT pg_try_advisory_lock(${INDEX_LOCK}) AS "isLocked", pg_backend_pid() AS pid`,
    );
    const [row] = rows;
    if (!row?.isLocked) throw new IndexError(BUSY);
    const result = await work((step, signal) => runStep(client, step, signal), row.pid);
    await client.query(`/* unlockIndexes */ SELECT pg_advisory_unlock(${INDEX_LOCK})`);
    isReusable = true;
    return result;
  } finally {
    // Closing the connection releases the lock as well.
    client.release(!isReusable);
  }
}

async function runStep(client: PoolClient, step: Step, signal?: AbortSignal): Promise<void> {
  if ('sql' in step) await client.query(`/* ${step.label} */ ${step.sql}`);
  else await runStatements(client, step.label, step.transaction, { attempts: LOCK_ATTEMPTS, signal });
}

async function report(db: ReadDb, pid: number, { onProgress }: CreateOptions): Promise<void> {
  const [row] = await db.query<{ phase: string; done: string; total: string }[]>`/* readIndexProgress */
    SELECT phase, greatest(blocks_done, tuples_done, lockers_done)::text AS done,
      greatest(blocks_total, tuples_total, lockers_total)::text AS total
    FROM pg_stat_progress_create_index WHERE pid = ${pid}::int`;
  if (!row) return;
  const total = Number(row.total);
  onProgress({ phase: row.phase, share: total > 0 ? Math.min(1, Number(row.done) / total) : undefined });
}
