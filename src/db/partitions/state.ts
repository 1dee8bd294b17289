import { CONVERSION_CHECK } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import { DETACHED_MARK, type DropNotice, PREPARED_MARK, parseNotice, RECOMPUTED_MARK } from './marks.ts';
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
  /** Null unless retention will drop it. */
  notice: DropNotice | null;
}

/** A partition that has been detached, but not dropped yet. */
interface DetachedTable {
  name: string;
  /** Whether the segments have been marked to be recomputed without its events. */
  isRecomputed: boolean;
}

/** The partitions of `events`, and what interrupted commands have left. */
export interface PartitionState {
  /** Oldest first; undefined if the table is not partitioned. */
  partitions: Partition[] | undefined;
  /** The clock of the database. */
  now: Date;
  /** The role that owns the table, as part of a statement; null if it is the current one. */
  owner: string | null;
  /** Whether the whole table has never been analyzed. */
  lacksStatistics: boolean;
  /** Whether a conversion is running or was interrupted: its check of new rows or the table that it prepares exists. */
  hasUnfinishedConversion: boolean;
  /** The instant from which on the check of an unfinished conversion rejects events; undefined without one. */
  rejectedFrom: Date | undefined;
  /** Detached partitions whose drop is not complete. */
  detachedTables: DetachedTable[];
  /** Tables with the name of a prepared table or a detached partition, but without the mark. They are never dropped. */
  unmarkedTables: string[];
}

/** Maximum length of a name in bytes. PostgreSQL truncates longer ones, which can then be equal. */
export const MAX_NAME_BYTES = 63;

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
      lacksStatistics: boolean;
      check: string | null;
      related: RelatedTable[];
    }[]
  >`/* readPartitionState */
    SELECT relkind = 'p' AS "isPartitioned", (extract(epoch FROM now()) * 1000)::float8 AS now,
      nullif(relowner::regrole::text, quote_ident(current_user)) AS owner, reltuples < 0 AS "lacksStatistics",
      (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = table_.oid AND conname = ${CONVERSION_CHECK}::text) AS check,
      (
        SELECT coalesce(jsonb_agg(jsonb_build_object('name', relname, 'comment', obj_description(other.oid, 'pg_class')) ORDER BY relname), '[]')
        FROM pg_class AS other WHERE other.relnamespace = table_.relnamespace AND other.relkind IN ('r', 'p') AND NOT other.relispartition
          AND (relname = ${PREPARED_TABLE}::text OR starts_with(relname::text, ${DETACHED_PREFIX}::text))
      ) AS related
    FROM pg_class AS table_ WHERE table_.oid = to_regclass('events')`;
  const { related = [], check = null, isPartitioned = false } = table ?? {};
  const checkedId = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/.exec(check ?? '')?.[0];
  return {
    now: new Date(table?.now ?? Date.now()),
    owner: table?.owner ?? null,
    lacksStatistics: table?.lacksStatistics ?? false,
    hasUnfinishedConversion: !isPartitioned && (check !== null || related.some(isPrepared)),
    rejectedFrom: isPartitioned || checkedId === undefined ? undefined : instantOfId(checkedId),
    detachedTables: related
      .filter(isDetached)
      .map(({ name, comment }) => ({ name, isRecomputed: comment === RECOMPUTED_MARK })),
    unmarkedTables: related
      .filter((each) => RESERVED_NAME.test(each.name) && !isPrepared(each) && !isDetached(each))
      .map(({ name }) => name),
    partitions: isPartitioned ? await readPartitions(db) : undefined,
  };
}

interface RelatedTable {
  name: string;
  comment: string | null;
}

const isPrepared = ({ name, comment }: RelatedTable) => name === PREPARED_TABLE && comment === PREPARED_MARK;

const isDetached = ({ name, comment }: RelatedTable) =>
  name.startsWith(DETACHED_PREFIX) && (comment === DETACHED_MARK || comment === RECOMPUTED_MARK);

/** The names of tables that the gateway creates or detaches. */
const RESERVED_NAME = new RegExp(`^(${PREPARED_TABLE}|${DETACHED_PREFIX}(until_)?\\d{4}_\\d\\d)$`);

async function readPartitions(db: ReadDb): Promise<Partition[]> {
  const rows = await db.query<
    { name: string; bound: string; rows: number; size: string; comment: string | null }[]
  >(Prisma.sql`/* readPartitions */
    SELECT relname::text AS name, pg_get_expr(relpartbound, oid) AS bound, greatest(reltuples, 0)::float8 AS rows,
      pg_total_relation_size(oid)::text AS size, obj_description(oid, 'pg_class') AS comment
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = to_regclass('events')`);
  const partitions = rows.flatMap(({ name, bound, rows: count, size, comment }) => {
    const range = /^FOR VALUES FROM \((?:MINVALUE|'([\da-f-]+)')\) TO \('([\da-f-]+)'\)$/.exec(bound);
    const to = range?.[2];
    if (to === undefined) return [];
    const from = range?.[1] === undefined ? null : instantOfId(range[1]);
    return [{ name, from, to: instantOfId(to), rows: count, size: Number(size), notice: parseNotice(comment) }];
  });
  return partitions.sort((left, right) => left.to.getTime() - right.to.getTime());
}
