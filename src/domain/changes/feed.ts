import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Arrays } from '../../db/reading/columns.ts';
import { inWorkspace } from '../../db/sql.ts';
import { type Change, changeColumns } from './change.ts';
import { endingBefore, inProgressAt, partsOf, type Snapshot, TARGET_SEPARATOR, upperBound } from './snapshot.ts';

export type { Change } from './change.ts';
export type { Snapshot } from './snapshot.ts';

/** The next changes after a position in the log. */
export interface ChangesPiece {
  /** In the order of `seq`. */
  readonly changes: readonly Change[];
  /** The position after them. */
  readonly snapshot: Snapshot;
  /** Whether more changes were visible when these were read. */
  readonly hasMore: boolean;
}

/** Returns the position after all changes of a workspace that are visible now. */
export async function currentSnapshot(db: WriteDb, workspaceId: string): Promise<Snapshot> {
  const [row] = await db.query<{ snapshot: string }[]>`/* currentSnapshot */
    SELECT pg_current_snapshot()::text AS snapshot ${inWorkspace(workspaceId)}`;
  if (!row) throw new Error('pg_current_snapshot returned no row.');
  return row.snapshot;
}

/**
 * Reads the changes that are visible now and were not visible in `after`. Calls that each continue from the snapshot of
 * the previous one return every committed change exactly once, and the changes of a user in the order of `seq`; no
 * other order is guaranteed. `db` must be the primary: a standby does not know which transactions are in progress.
 *
 * If there are more than `limit` changes, the first call fixes the snapshot to catch up with (`target`), and the calls
 * return pieces by transaction id. A piece ends between two transactions, and only where no user has an earlier change
 * after the end: a transaction with a small id can write to a user after transactions with greater ids have. Within
 * `target`, the returned changes of a user are always a prefix of the user's changes, so it suffices to check the one
 * change that precedes those of the piece.
 *
 * @param limit exceeded if necessary to return whole transactions and to keep the order.
 * @param options `except`: an actor (`Change.keyId`) whose changes are skipped. A reader must always pass the same
 * value.
 */
export async function changesAfter(
  db: WriteDb,
  workspaceId: string,
  after: Snapshot,
  limit: number,
  { except }: { except?: string } = {},
): Promise<ChangesPiece> {
  const { position, target: fixedTarget } = partsOf(after);
  let target = fixedTarget;
  let end: string | undefined;
  for (;;) {
    const piece = await readPiece(db, { workspaceId, position, target, limit, end, except });
    if (piece.end === null) {
      const hasMore = fixedTarget !== undefined && fixedTarget !== piece.now;
      return { changes: changeColumns.rows(piece.changes), snapshot: piece.target, hasMore };
    }
    if (piece.isComplete && piece.misplaced === null) {
      const snapshot = `${endingBefore(piece.target, piece.end)}${TARGET_SEPARATOR}${piece.target}`;
      return { changes: changeColumns.rows(piece.changes), snapshot, hasMore: true };
    }
    target = piece.target;
    end = piece.misplaced === null ? piece.end : String(BigInt(piece.misplaced) + 1n);
  }
}

/** Reads the changes between two positions whose `seq` is greater than a given one. */
export async function changesBetween(
  db: WriteDb,
  workspaceId: string,
  { from, to, seq, limit }: { from: Snapshot; to: Snapshot; seq: string; limit: number },
): Promise<readonly Change[]> {
  const rows = await db.query<Arrays[]>`/* changesBetween */
    WITH target AS MATERIALIZED (${targetSql(partsOf(to).position)}), finished AS (
      ${finishedSql(workspaceId, partsOf(from).position)}
    ), started AS (
      ${startedSql(workspaceId, partsOf(from).position)}
    )
    SELECT ${changeColumns.arrays()} FROM (
      SELECT ${changeColumns.list} FROM (SELECT * FROM finished UNION ALL SELECT * FROM started) AS changes
      WHERE changes.seq > ${seq}::bigint ORDER BY changes.seq LIMIT ${limit}
    ) AS found`;
  return rows.flatMap((each) => changeColumns.rows(each));
}

interface PieceQuery {
  workspaceId: string;
  /** The snapshot of what has been returned. */
  position: Snapshot;
  /** The snapshot to catch up with; the current one if undefined. */
  target: Snapshot | undefined;
  limit: number;
  /** The actor whose changes are skipped. */
  except: string | undefined;
  /** Reads all transactions with smaller ids, regardless of `limit`. */
  end: string | undefined;
}

interface Piece {
  changes: Arrays;
  target: Snapshot;
  now: Snapshot;
  /** The transaction id that the piece ends before; null if it contains all changes up to `target`. */
  end: string | null;
  /** False if the last transaction of the piece has further changes. */
  isComplete: boolean;
  /** The greatest id, not below `end`, of a transaction with an earlier change of a user of the piece. */
  misplaced: string | null;
}

async function readPiece(
  db: WriteDb,
  { workspaceId, position, target, limit, end, except }: PieceQuery,
): Promise<Piece> {
  const visible = visibleIn(Prisma.sql`(SELECT snapshot FROM target)`, Prisma.sql`(SELECT xmin FROM target)`);
  const byOthers = except === undefined ? Prisma.empty : Prisma.sql`AND changes.key_id <> ${except}`;
  const ofUser = Prisma.sql`changes.workspace_id = ${workspaceId}::uuid AND changes.user_id = authors.user_id ${byOthers}`;
  const [piece] = await db.query<Piece[]>`/* changesAfter */
    WITH target AS MATERIALIZED (${targetSql(target)}), finished AS (
      ${finishedSql(workspaceId, position)} ${byOthers}
    ), started AS (
      ${startedSql(workspaceId, position)} ${byOthers} AND changes.xid < coalesce(${end}::bigint, ${MAX_XID}::bigint)
      ORDER BY changes.xid, changes.seq LIMIT ${end === undefined ? limit + 1 : null}::bigint
    ), piece_end AS MATERIALIZED (
      SELECT coalesce(${end}::bigint, CASE WHEN count(*) > ${limit} THEN greatest(max(xid), min(xid) + 1) END) AS xid,
        ${end}::bigint IS NOT NULL OR min(xid) < max(xid) AS is_complete
      FROM started
    ), piece AS MATERIALIZED (
      SELECT * FROM finished
      UNION ALL
      SELECT * FROM started WHERE xid < coalesce((SELECT xid FROM piece_end), ${MAX_XID}::bigint)
    ), authors AS (
      SELECT user_id, min(seq) AS first, max(seq) AS last FROM piece
      WHERE user_id IS NOT NULL AND (SELECT xid FROM piece_end) IS NOT NULL
      GROUP BY user_id
    ), misplaced AS (
      SELECT max(xid) AS xid FROM authors CROSS JOIN LATERAL (
        SELECT changes.xid FROM changes
        WHERE ${ofUser} AND changes.seq > authors.first AND changes.seq < authors.last AND ${visible}
        UNION ALL
        (SELECT changes.xid FROM changes WHERE ${ofUser} AND changes.seq < authors.first AND ${visible}
        ORDER BY changes.seq DESC LIMIT 1)
      ) AS earlier
      WHERE xid >= (SELECT xid FROM piece_end)
    )
    SELECT
      (SELECT snapshot::text FROM target) AS target, pg_current_snapshot()::text AS now,
      (SELECT xid::text FROM piece_end) AS "end", (SELECT is_complete FROM piece_end) AS "isComplete",
      (SELECT xid::text FROM misplaced) AS misplaced, to_json(arrays) AS changes
    FROM (
      SELECT ${changeColumns.arrays()}
      FROM (SELECT ${changeColumns.list} FROM piece AS changes ORDER BY changes.seq) AS found
    ) AS arrays`;
  if (!piece) throw new Error('An aggregate returned no row.');
  return piece;
}

/** Greater than every transaction id. */
const MAX_XID = '9223372036854775807';

const targetSql = (target: Snapshot | undefined) => Prisma.sql`
  SELECT snapshot, pg_snapshot_xmin(snapshot)::text::bigint AS xmin, pg_snapshot_xmax(snapshot)::text::bigint AS xmax
  FROM (SELECT coalesce(${target}::pg_snapshot, pg_current_snapshot()) AS snapshot) AS chosen`;

/** Most transactions are below `xmin`; the comparison avoids converting their ids to `xid8`. */
const visibleIn = (snapshot: Prisma.Sql, xmin: Prisma.Sql) =>
  Prisma.sql`(changes.xid < ${xmin} OR pg_visible_in_snapshot(changes.xid::text::xid8, ${snapshot}))`;

const visibleInTarget = visibleIn(Prisma.sql`(SELECT snapshot FROM target)`, Prisma.sql`(SELECT xmin FROM target)`);

/**
 * The changes of transactions that were in progress at a position. They are few, and always part of the piece after it.
 * One lookup for each of them: `xid = ANY (…)` can become a scan of the workspace's log.
 */
const finishedSql = (workspaceId: string, position: Snapshot) => Prisma.sql`
  SELECT changes.* FROM unnest(${inProgressAt(position)}::bigint[]) AS finished(xid) JOIN LATERAL (
    SELECT * FROM changes WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.xid = finished.xid
    ORDER BY changes.xid, changes.seq OFFSET 0
  ) AS changes ON ${visibleInTarget}`;

/** The changes of transactions that began after a position. */
const startedSql = (workspaceId: string, position: Snapshot) => Prisma.sql`
  SELECT * FROM changes
  WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.xid >= ${upperBound(position)}::bigint
    AND changes.xid < (SELECT xmax FROM target) AND ${visibleInTarget}`;
