import { Prisma } from '../../db/generated/client.ts';

/**
 * A position in the log of changes: the text of a `pg_snapshot`, `xmin:xmax:xip,xip…`. The changes that are visible in
 * the snapshot have been returned. While a reader catches up in pieces, a slash and the target snapshot follow
 * (feed.ts).
 */
export type Snapshot = string;

/** The ids of the transactions that were in progress. */
export function inProgressAt(snapshot: Snapshot): string[] {
  const [, , inProgress] = snapshot.split(':');
  return inProgress ? inProgress.split(',') : [];
}

/** The first transaction id that was not assigned yet (`xmax`). */
export function upperBound(snapshot: Snapshot): string {
  const [, xmax] = snapshot.split(':');
  if (xmax === undefined) throw new Error(`Not a snapshot: ${snapshot}.`);
  return xmax;
}

/** A snapshot restricted to transactions below `end`, which must not exceed its `xmax`. */
export function endingBefore(snapshot: Snapshot, end: string): Snapshot {
  const inProgress = inProgressAt(snapshot).filter((xid) => BigInt(xid) < BigInt(end));
  return `${inProgress[0] ?? end}:${end}:${inProgress.join(',')}`;
}

/** Separates the snapshot of what has been returned from the one to catch up with. */
export const TARGET_SEPARATOR = '/';

/** The snapshot of what has been returned, and the one to catch up with. */
export function partsOf(snapshot: Snapshot): { position: Snapshot; target: Snapshot | undefined } {
  const [position = snapshot, target] = snapshot.split(TARGET_SEPARATOR);
  return { position, target };
}

/** The id below which all transactions had ended (`xmin`). */
export function lowerBound(snapshot: Snapshot): string {
  return snapshot.split(':')[0] ?? '';
}

const XID = /^[1-9]\d{0,17}$/;

/** Whether a text is a position that PostgreSQL accepts: ids in ascending order, from `xmin` up to below `xmax`. */
export function isSnapshot(text: string): boolean {
  const parts = text.split(TARGET_SEPARATOR);
  return parts.length <= 2 && parts.every(isPart);
}

function isPart(text: string): boolean {
  const [xmin = '', xmax = '', inProgress, ...rest] = text.split(':');
  if (inProgress === undefined || rest.length > 0) return false;
  const ids = [xmin, ...(inProgress === '' ? [] : inProgress.split(',')), xmax];
  if (!ids.every((id) => XID.test(id))) return false;
  return ids.every((id, place) => {
    const previous = ids[place - 1];
    if (previous === undefined) return true;
    // `xmin` can be one of those in progress, and equals `xmax` if there are none.
    const mayEqual = place === 1;
    return mayEqual ? BigInt(previous) <= BigInt(id) : BigInt(previous) < BigInt(id);
  });
}

/** Maximum number of transactions to list as in progress in order to include the current one. */
const MAX_LISTED = 200;

/**
 * SQL of a position that includes the current transaction, so that a reader does not read its own changes. Transactions
 * that began between the snapshot and the current transaction are listed as in progress. Returns the position unchanged
 * if there are more than `MAX_LISTED` of them, or if the reader is catching up in pieces.
 */
export const includingOwnTransaction = (snapshot: Snapshot) => Prisma.sql`(
    SELECT CASE
      WHEN base.snapshot IS NULL OR base.own < base.xmax OR base.own - base.xmax > ${MAX_LISTED} THEN ${snapshot}
      ELSE concat_ws(':', pg_snapshot_xmin(base.snapshot), base.own + 1, array_to_string(ARRAY(
          SELECT xip::text::bigint FROM pg_snapshot_xip(base.snapshot) AS xip
          UNION ALL
          SELECT began FROM generate_series(base.xmax, base.own - 1) AS began
          ORDER BY 1
        ), ','))
      END
    FROM (
      SELECT snapshot, pg_snapshot_xmax(snapshot)::text::bigint AS xmax, pg_current_xact_id()::text::bigint AS own
      FROM (SELECT ${snapshot.includes('/') ? null : snapshot}::pg_snapshot AS snapshot) AS stored
    ) AS base
  )`;
