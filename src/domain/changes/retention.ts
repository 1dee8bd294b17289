import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inWorkspace } from '../../db/sql.ts';
import { inTransaction } from '../../db/transaction.ts';
import { isComputed, isWrittenByCaller } from './audit.ts';
import { parseChangeId } from './change.ts';

/**
 * Which changes a retention period applies to: `log`, those made by usergraph itself; `audit`, those made by callers
 * and operators.
 */
export type RetentionPolicy = 'log' | 'audit';

/** A position in the order of (transaction id, `seq`). */
export interface Horizon {
  xid: string;
  seq: string;
}

/** The transaction id of changes that were written before the log had transaction ids, or before a restore. */
export const NO_TRANSACTION = '0';

const MAX_SEQ = '9223372036854775807';

/** The names under which the positions are stored, among the consumers of changes. */
const names = { log: 'log-retention', audit: 'audit-retention' } as const satisfies Record<RetentionPolicy, string>;

/** SQL of an array of the workspace's positions, for `toHorizon`. */
export const readHorizonsSql = (workspaceId: string) => Prisma.sql`ARRAY(
  SELECT snapshot FROM change_consumers
  WHERE change_consumers.workspace_id = ${workspaceId}::uuid AND name = ANY(${Object.values(names)}::text[]))`;

/** The last change that may have been deleted; undefined if there is none. */
export function toHorizon(positions: readonly string[]): Horizon | undefined {
  const compare = (one: Horizon, other: Horizon) =>
    Number(BigInt(one.xid) - BigInt(other.xid)) || Number(BigInt(one.seq) - BigInt(other.seq));
  return positions
    .flatMap((position) => parseChangeId(position) ?? [])
    .toSorted(compare)
    .at(-1);
}

/** Deletes the retention positions of a workspace, whose transaction ids are invalid after a restore. */
export function resetRetention(db: WriteDb, workspaceId: string): Promise<number> {
  return db.execute`/* resetRetention */
    DELETE FROM change_consumers WHERE workspace_id = ${workspaceId}::uuid AND name = ANY(${Object.values(names)}::text[])`;
}

/** Maximum number of changes read, and therefore deleted, by one transaction: 50 to 100 ms in PostgreSQL. */
export const STEP_SIZE = 5_000;

/** Reads the ids of all workspaces. */
export async function listWorkspaceIds(db: WriteDb): Promise<string[]> {
  const rows = await db.queryAllWorkspaces<
    { id: string }[]
  >`/* listWorkspaceIds */ SELECT workspace_id AS id FROM workspaces`;
  return rows.map(({ id }) => id);
}

/** Result of a step. */
interface RetentionStep {
  deleted: number;
  /** Whether no expired changes are left. */
  isComplete: boolean;
}

/**
 * Deletes the next changes of a workspace that are older than a number of days, in one transaction. It keeps changes that
 * the segment consumer has not read yet. It reads changes in the order of (transaction id, `seq`) from the end of the
 * last step up to the first change that it keeps, so that no change is read twice. It never splits a transaction. If
 * another process is running a step for the workspace, it deletes nothing and returns `isComplete`.
 */
export function deleteOldChanges(
  db: Database,
  workspaceId: string,
  { policy, days }: { policy: RetentionPolicy; days: number },
  stepSize = STEP_SIZE,
): Promise<RetentionStep> {
  return inTransaction(db, async (tx) => {
    const name = names[policy];
    const [lock] = await tx.query<{ isTaken: boolean }[]>`/* lockRetention */
      SELECT pg_try_advisory_xact_lock(hashtextextended(${`${name} ${workspaceId}`}, 0)) AS "isTaken"
      ${inWorkspace(workspaceId)}`;
    if (!lock?.isTaken) return { deleted: 0, isComplete: true };
    const [stored] = await tx.query<{ snapshot: string }[]>`/* readRetention */
      SELECT snapshot FROM change_consumers WHERE workspace_id = ${workspaceId}::uuid AND name = ${name}`;
    const start = parseChangeId(stored?.snapshot ?? '') ?? { xid: NO_TRANSACTION, seq: '0' };
    const end = await findEnd(tx, workspaceId, { start, days, stepSize });
    if (!end) return { deleted: 0, isComplete: true };
    const deleted = await tx.execute`/* deleteOldChanges */
      DELETE FROM changes
      WHERE changes.workspace_id = ${workspaceId}::uuid
        AND (changes.xid, changes.seq) > (${start.xid}::bigint, ${start.seq}::bigint)
        AND (changes.xid, changes.seq) <= (${end.xid}::bigint, ${end.seq}::bigint)
        AND ${policy === 'log' ? isComputed : isWrittenByCaller}`;
    await tx.execute`/* recordRetention */
      INSERT INTO change_consumers (workspace_id, name, snapshot)
      VALUES (${workspaceId}::uuid, ${name}, ${`${end.xid}-${end.seq}`})
      ON CONFLICT (workspace_id, name) DO UPDATE SET snapshot = excluded.snapshot`;
    return { deleted, isComplete: end.isLast };
  });
}

/** Finds the last of the next expired changes; undefined if there is none. */
async function findEnd(
  tx: WriteDb,
  workspaceId: string,
  { start, days, stepSize }: { start: Horizon; days: number; stepSize: number },
): Promise<(Horizon & { isLast: boolean }) | undefined> {
  const [found] = await tx.query<
    { xid: string | null; seq: string | null; firstXid: string; count: number; young: string }[]
  >`/* findOldChanges */
    WITH unread AS MATERIALIZED (
      SELECT min(pg_snapshot_xmin(split_part(snapshot, '/', 1)::pg_snapshot)::text::bigint) AS xid FROM change_consumers
      WHERE change_consumers.workspace_id = ${workspaceId}::uuid AND name <> ALL(${Object.values(names)}::text[])
    ), next AS MATERIALIZED (
      SELECT xid, seq, at < now() - make_interval(days => ${days}::int)
        AND xid < coalesce((SELECT unread.xid FROM unread), xid + 1) AS is_old
      FROM changes
      WHERE changes.workspace_id = ${workspaceId}::uuid
        AND (changes.xid, changes.seq) > (${start.xid}::bigint, ${start.seq}::bigint)
      ORDER BY changes.xid, changes.seq LIMIT ${stepSize}
    ), young AS MATERIALIZED (
      SELECT xid, seq FROM next WHERE NOT is_old ORDER BY xid, seq LIMIT 1
    ), old AS MATERIALIZED (
      SELECT next.xid, next.seq FROM next LEFT JOIN young ON true
      WHERE young.xid IS NULL OR next.xid < young.xid OR (young.xid = 0 AND next.xid = 0 AND next.seq < young.seq)
    )
    SELECT last.xid::text AS xid, last.seq::text AS seq, (SELECT min(xid) FROM old)::text AS "firstXid",
      (SELECT count(*)::int FROM next) AS count, (SELECT xid::text FROM young) AS young
    FROM (SELECT xid, seq FROM old ORDER BY xid DESC, seq DESC LIMIT 1) AS last`;
  if (found?.xid == null || found.seq == null) return undefined;
  const isLast = found.young !== null || found.count < stepSize;
  if (found.xid === NO_TRANSACTION) return { xid: found.xid, seq: found.seq, isLast };
  // The limit may have cut off the last transaction. Leave it to the next step, unless this step contains no other.
  const isWhole = isLast || found.firstXid === found.xid;
  return { xid: isWhole ? found.xid : String(BigInt(found.xid) - 1n), seq: MAX_SEQ, isLast };
}
