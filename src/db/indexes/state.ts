import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import { type AvailableIndexes, type IndexName, indexNames, indexOf, standardIndexes } from './catalogue.ts';

/** An index of the catalogue, as it is in a database. */
export interface IndexState {
  name: IndexName;
  /** `invalid`: its creation has failed or was killed; writes pay for it, and reads do not use it. */
  state: 'missing' | 'creating' | 'invalid' | 'valid';
  /** In bytes; 0 if it is missing. */
  size: number;
}

/**
 * SQL that tells whether an index is being created. The indexes of a partitioned table stay invalid until the last partition is attached: a
 * build on a partition counts for the index that has the same name but for the name of the table. A role without pg_read_all_stats sees
 * the progress of other roles without table and index; the build then counts for the invalid indexes of the tables it has locked, and of
 * the tables of which it has locked a partition.
 * @param index a row of pg_index.
 */
export const isInProgress = (index: Prisma.Sql) => Prisma.sql`EXISTS (
  SELECT FROM pg_stat_progress_create_index AS progress
  WHERE progress.index_relid = ${index}.indexrelid OR EXISTS (
    SELECT FROM pg_class AS part JOIN pg_class AS own ON own.oid = progress.index_relid
    WHERE part.oid = progress.relid AND part.oid IN (${partitionsOf(index)}) AND own.relname = replace(
      (SELECT relname FROM pg_class WHERE oid = ${index}.indexrelid), (SELECT relname FROM pg_class WHERE oid = ${index}.indrelid), part.relname
    )::name
  ) OR (progress.relid IS NULL AND EXISTS (
    SELECT FROM pg_locks AS lock JOIN pg_database AS current ON current.oid = lock.database
    WHERE current.datname = current_database() AND lock.pid = progress.pid
      AND (lock.relation = ${index}.indrelid OR lock.relation IN (${partitionsOf(index)})) AND lock.mode = 'ShareUpdateExclusiveLock' AND lock.granted
  )))`;

const partitionsOf = (index: Prisma.Sql) =>
  Prisma.sql`SELECT inhrelid FROM pg_inherits WHERE inhparent = ${index}.indrelid`;

/** Reads the state of every index of the catalogue. */
export async function readIndexStates(db: ReadDb): Promise<IndexState[]> {
  const relations = Prisma.join(indexNames.map((name) => Prisma.sql`${indexOf(name).relation}::text`));
  const rows = await db.query<Found[]>(Prisma.sql`/* readIndexStates */
    SELECT relation.relname AS name, index.indisvalid AS "isValid", (
        SELECT coalesce(sum(pg_relation_size(part.relid)), pg_relation_size(relation.oid)) FROM pg_partition_tree(relation.oid) AS part
      )::text AS size,
      ${isInProgress(Prisma.sql`index`)} AS "isInProgress"
    FROM pg_index AS index JOIN pg_class AS relation ON relation.oid = index.indexrelid
    WHERE index.indrelid IN (to_regclass('users'), to_regclass('events')) AND relation.relname IN (${relations})`);
  return indexNames.map((name) => {
    const found = rows.find((row) => row.name === indexOf(name).relation);
    return { name, state: found ? stateOf(found) : 'missing', size: Number(found?.size ?? 0) };
  });
}

interface Found {
  name: string;
  isValid: boolean;
  isInProgress: boolean;
  size: string;
}

const stateOf = ({ isValid, isInProgress }: Found) => (isValid ? 'valid' : isInProgress ? 'creating' : 'invalid');

/** Whether the trigrams of pg_trgm consist of ASCII only: pg_trgm classifies characters by LC_CTYPE, regardless of the collation. */
export async function hasAsciiTrigrams(db: ReadDb): Promise<boolean> {
  const [row] = await db.query<{ isAscii: boolean }[]>`/* hasAsciiTrigrams */
    SELECT datctype IN ('C', 'POSIX') AS "isAscii" FROM pg_database WHERE datname = current_database()`;
  return row?.isAscii ?? true;
}

async function hasPartitionedEvents(db: ReadDb): Promise<boolean> {
  const [row] = await db.query<{ isPartitioned: boolean }[]>`/* hasPartitionedEvents */
    SELECT relkind = 'p' AS "isPartitioned" FROM pg_class WHERE oid = to_regclass('events')`;
  return row?.isPartitioned ?? false;
}

/** The indexes of a database: those of a migrated one until `refresh` has read them. */
export class DatabaseIndexes implements AvailableIndexes {
  #names: ReadonlySet<IndexName> = new Set(indexNames.filter((name) => standardIndexes.has(name)));
  #hasAsciiTrigrams = false;
  #hasPartitionedEvents = false;

  has(name: IndexName): boolean {
    return this.#names.has(name);
  }

  get hasAsciiTrigrams(): boolean {
    return this.#hasAsciiTrigrams;
  }

  get hasPartitionedEvents(): boolean {
    return this.#hasPartitionedEvents;
  }

  /** Reads which indexes are valid. Conditions on one that has been dropped since are slower, not wrong; so are unused partitions. */
  async refresh(db: ReadDb): Promise<void> {
    const [states, isAscii, isPartitioned] = await Promise.all([
      readIndexStates(db),
      hasAsciiTrigrams(db),
      hasPartitionedEvents(db),
    ]);
    this.#hasPartitionedEvents = isPartitioned;
    this.#names = new Set(states.filter(({ state }) => state === 'valid').map(({ name }) => name));
    this.#hasAsciiTrigrams = isAscii;
  }
}
