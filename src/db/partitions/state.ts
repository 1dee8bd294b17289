import { CONVERSION_CHECK } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import { instantOfId } from './months.ts';

/** A partition of `events`. It contains the events that were inserted from `from` until before `to`. */
export interface Partition {
  name: string;
  /** Null: everything before `to`. */
  from: Date | null;
  to: Date;
  /** Estimated number of rows, as of the last ANALYZE. */
  rows: number;
  /** In bytes, with indexes. */
  size: number;
}

/** The partitions of `events`, and what interrupted commands have left. */
export interface PartitionState {
  /** Oldest first; undefined if the table is not partitioned. */
  partitions: Partition[] | undefined;
  /** The clock of the database. */
  now: Date;
  /** The role that owns the table, as part of a statement; null if it is the current one. */
  owner: string | null;
  /** Whether a conversion is running or was interrupted: its check of new rows or the table that it prepares exists. */
  hasUnfinishedConversion: boolean;
  /** Detached partitions whose drop is not complete. */
  detached: string[];
}

/** The partitioned table while a conversion prepares it. */
export const PREPARED_TABLE = 'events_partitioned';

/** The prefix of the names of detached partitions. */
export const DETACHED_PREFIX = 'events_dropped_';

/** Reads the partitions of `events`. */
export async function readPartitionState(db: ReadDb): Promise<PartitionState> {
  const [table] = await db.query<
    {
      isPartitioned: boolean;
      now: number;
      owner: string | null;
      isUnfinished: boolean;
      detached: string[];
    }[]
  >`/* readPartitionState */
    SELECT relkind = 'p' AS "isPartitioned", (extract(epoch FROM now()) * 1000)::float8 AS now,
      nullif(relowner::regrole::text, quote_ident(current_user)) AS owner,
      to_regclass(${PREPARED_TABLE}::text) IS NOT NULL
        OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = table_.oid AND conname = ${CONVERSION_CHECK}::text) AS "isUnfinished",
      ARRAY(
        SELECT relname::text FROM pg_class AS dropped WHERE dropped.relnamespace = table_.relnamespace
          AND starts_with(dropped.relname::text, ${DETACHED_PREFIX}::text) AND dropped.relkind = 'r' ORDER BY 1
      ) AS detached
    FROM pg_class AS table_ WHERE table_.oid = to_regclass('events')`;
  return {
    now: new Date(table?.now ?? Date.now()),
    owner: table?.owner ?? null,
    hasUnfinishedConversion: table?.isUnfinished ?? false,
    detached: table?.detached ?? [],
    partitions: table?.isPartitioned ? await readPartitions(db) : undefined,
  };
}

async function readPartitions(db: ReadDb): Promise<Partition[]> {
  const rows = await db.query<
    { name: string; bound: string; rows: number; size: string }[]
  >(Prisma.sql`/* readPartitions */
    SELECT relname::text AS name, pg_get_expr(relpartbound, oid) AS bound, greatest(reltuples, 0)::float8 AS rows,
      pg_total_relation_size(oid)::text AS size
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = to_regclass('events')`);
  const partitions = rows.flatMap(({ name, bound, rows: count, size }) => {
    const range = /^FOR VALUES FROM \((?:MINVALUE|'([\da-f-]+)')\) TO \('([\da-f-]+)'\)$/.exec(bound);
    const to = range?.[2];
    if (to === undefined) return [];
    const from = range?.[1] === undefined ? null : instantOfId(range[1]);
    return [{ name, from, to: instantOfId(to), rows: count, size: Number(size) }];
  });
  return partitions.sort((left, right) => left.to.getTime() - right.to.getTime());
}
