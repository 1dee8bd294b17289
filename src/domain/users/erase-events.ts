import type { Database, ReadDb, WriteDb } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';

/** A deleted user, with the progress of erasing its events. */
export interface Erasure {
  workspaceId: string;
  userId: string;
  /** Number of events erased so far. */
  erasedEvents: number;
}

/** Events erased by one transaction: 50 to 100 ms of work for PostgreSQL. */
export const STEP_SIZE = 5_000;

/** The least and the greatest UUID. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Erases some events of a deleted user in one transaction, and removes the record of the deletion with the last of them. The
 * row lock is the lease: concurrent processes take other users, and PostgreSQL releases the lock of a killed process.
 * @param skip number of deletions to skip, oldest first, because their steps failed.
 * @returns undefined if there is nothing to erase, or other processes are erasing it.
 */
export function eraseSomeEvents(
  db: Database,
  stepSize = STEP_SIZE,
  skip = 0,
): Promise<(Erasure & { isComplete: boolean }) | undefined> {
  return inTransaction(db, async (tx) => {
    const [pending] = await tx.query<(Erasure & { position: string | null })[]>`/* takeDeletion */
      SELECT workspace_id AS "workspaceId", user_id AS "userId", position, erased_events AS "erasedEvents"
      FROM user_deletions
      WHERE (requested_at, user_id) >= (
        SELECT requested_at, user_id FROM user_deletions ORDER BY requested_at, user_id OFFSET ${skip} LIMIT 1
      )
      ORDER BY requested_at, user_id LIMIT 1 FOR UPDATE SKIP LOCKED`;
    if (!pending) return undefined;
    const { position, ...erasure } = pending;
    const { erased, end } = await eraseAfter(tx, erasure, position, stepSize);
    const erasedEvents = erasure.erasedEvents + erased;
    const isComplete = end === null;
    if (isComplete) {
      await tx.execute`/* completeDeletion */
        DELETE FROM user_deletions
        WHERE workspace_id = ${erasure.workspaceId}::uuid AND user_id = ${erasure.userId}::uuid`;
    } else {
      await tx.execute`/* recordErasure */
        UPDATE user_deletions SET position = ${end}::uuid, erased_events = ${erasedEvents}
        WHERE workspace_id = ${erasure.workspaceId}::uuid AND user_id = ${erasure.userId}::uuid`;
    }
    return { ...erasure, erasedEvents, isComplete };
  });
}

/** Erases the next events of a user after a position: index entries before it, live or dead, are not read again. */
async function eraseAfter(
  tx: WriteDb,
  { workspaceId, userId }: Erasure,
  position: string | null,
  stepSize: number,
): Promise<{ erased: number; end: string | null }> {
  const [last] = await tx.query<{ id: string }[]>`/* findLastOfStep */
    SELECT id FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid
      AND id > ${position ?? BEFORE_ALL_IDS}::uuid
    ORDER BY id OFFSET ${stepSize - 1} LIMIT 1`;
  const erased = await tx.execute`/* eraseEvents */
    DELETE FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND id <= ${last?.id ?? LAST_ID}::uuid
      AND id > ${position ?? BEFORE_ALL_IDS}::uuid`;
  return { erased, end: last?.id ?? null };
}

/** A deleted user whose events are being erased. */
export interface PendingErasure extends Erasure {
  requestedAt: string;
  /** Events that are not erased yet, counted up to `REMAINING_CAP`. */
  remainingEvents: number;
}

/** Where the count of remaining events stops. */
export const REMAINING_CAP = 100_000;

/** Reads the deleted users of a workspace whose events are not erased yet, in order of deletion. */
export function listErasures(db: ReadDb, workspaceId: string): Promise<PendingErasure[]> {
  return db.query<PendingErasure[]>`/* listErasures */
    SELECT workspace_id AS "workspaceId", user_id AS "userId", requested_at AS "requestedAt",
      erased_events AS "erasedEvents", (
        SELECT count(*)::int FROM (
          SELECT FROM events WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = user_deletions.user_id
          LIMIT ${REMAINING_CAP}
        ) AS remaining
      ) AS "remainingEvents"
    FROM user_deletions WHERE workspace_id = ${workspaceId}::uuid ORDER BY requested_at`;
}
