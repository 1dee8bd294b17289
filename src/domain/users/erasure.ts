import type { Database, ReadDb, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Candidate, MAX_CANDIDATES, takeFirst } from '../shared/take-first.ts';
import { type Deletion, type ErasedRows, type ErasureProgress, stages } from './erasure-stages.ts';

/** A deleted user, with the progress of erasing its data. */
export interface Erasure extends ErasedRows {
  workspaceId: string;
  userId: string;
}

/** The result of a step. */
export interface ErasureStep extends Erasure {
  /** Whether nothing is left to erase. */
  isComplete: boolean;
}

/** Rows erased by one transaction: 50 to 100 ms of work for PostgreSQL. */
export const STEP_SIZE = 5_000;

/** A row of `user_deletions`. */
interface DeletionRow extends Deletion, ErasureProgress {}

const deletionColumns = Prisma.sql`workspace_id AS "workspaceId", user_id AS "userId", subjects, position,
  changes_position::text AS "changesPosition", erased_events AS "erasedEvents", erased_changes AS "erasedChanges",
  erased_keys AS "erasedKeys"`;

/**
 * Erases some data of a deleted user in one transaction, and removes the record of the deletion with the last of it. The row
 * lock is the lease: concurrent processes take other users, and PostgreSQL releases the lock of a killed process.
 * @param skip number of deletions to skip, oldest first, because their steps failed.
 * @returns undefined if there is nothing to erase, or other processes are erasing it.
 */
export async function runErasureStep(db: Database, stepSize = STEP_SIZE, skip = 0): Promise<ErasureStep | undefined> {
  const candidates = await db.queryAllWorkspaces<(UserKey & Candidate)[]>`/* findDeletions */
    SELECT workspace_id AS "workspaceId", user_id AS "userId", ARRAY[extract(epoch FROM requested_at)]::float8[] AS place
    FROM user_deletions ORDER BY requested_at, user_id LIMIT ${skip + MAX_CANDIDATES}`;
  return takeFirst(candidates, skip, (user) => eraseSomeOf(db, user, Prisma.sql`FOR UPDATE SKIP LOCKED`, stepSize));
}

/**
 * Does the next step of the erasure of one user, after waiting for other processes.
 * @returns undefined if nothing is left to erase.
 */
export function continueErasure(
  db: Database,
  workspaceId: string,
  userId: string,
  stepSize = STEP_SIZE,
): Promise<ErasureStep | undefined> {
  return eraseSomeOf(db, { workspaceId, userId }, Prisma.sql`FOR UPDATE`, stepSize);
}

type UserKey = Pick<Deletion, 'workspaceId' | 'userId'>;

/** Does the next step of the erasure of one user in one transaction, once it has the lock of the deletion. */
function eraseSomeOf(
  db: Database,
  { workspaceId, userId }: UserKey,
  lock: Prisma.Sql,
  stepSize: number,
): Promise<ErasureStep | undefined> {
  return inTransaction(db, async (tx) => {
    const [deletion] = await tx.query<DeletionRow[]>`/* lockDeletion */
      SELECT ${deletionColumns}
      FROM user_deletions WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid ${lock}`;
    return deletion && eraseSome(tx, deletion, stepSize);
  });
}

/** Runs the stages of an erasure until they have erased `stepSize` rows, and stores the progress in the same transaction. */
async function eraseSome(
  tx: WriteDb,
  { workspaceId, userId, subjects, ...progress }: DeletionRow,
  stepSize: number,
): Promise<ErasureStep> {
  const deletion = { workspaceId, userId, subjects };
  let left = stepSize;
  let isComplete = true;
  for (const stage of stages) {
    const { rows, isDone } = await stage(tx, deletion, progress, left);
    left = Math.max(left - rows, 1);
    isComplete = isDone;
    if (!isDone) break;
  }
  if (isComplete) {
    await tx.execute`/* completeDeletion */
      DELETE FROM user_deletions WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid`;
  } else {
    await tx.execute`/* recordErasure */
      UPDATE user_deletions SET position = ${progress.position}::uuid, changes_position = ${progress.changesPosition}::bigint,
        erased_events = ${progress.erasedEvents}, erased_changes = ${progress.erasedChanges},
        erased_keys = ${progress.erasedKeys}
      WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid`;
  }
  const { erasedEvents, erasedChanges, erasedKeys } = progress;
  return { workspaceId, userId, erasedEvents, erasedChanges, erasedKeys, isComplete };
}

/** Runs all steps of the erasure of one user. @param onStep called after each step. */
export async function eraseCompletely(
  db: Database,
  workspaceId: string,
  userId: string,
  onStep: (step: ErasureStep) => Promise<void>,
): Promise<void> {
  for (;;) {
    const step = await continueErasure(db, workspaceId, userId);
    if (!step) return;
    await onStep(step);
    if (step.isComplete) return;
  }
}

/**
 * Requests the erasure of a user who was deleted earlier, unless it is pending: earlier versions erased only the events.
 * @returns whether the erasure is pending. False if the audit trail has no entry about a deleted user with the id.
 */
export async function requestErasure(db: WriteDb, workspaceId: string, userId: string): Promise<boolean> {
  await db.execute`/* requestErasure */
    INSERT INTO user_deletions (workspace_id, user_id, requested_at, subjects)
    SELECT ${workspaceId}::uuid, ${userId}::uuid, now(), '{}'
    WHERE NOT EXISTS (SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = ${userId}::uuid)
      AND (EXISTS (
        SELECT FROM changes WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.user_id = ${userId}::uuid
      ) OR EXISTS (
        SELECT FROM events WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = ${userId}::uuid
      ))
    ON CONFLICT (workspace_id, user_id) DO NOTHING`;
  const pending = await db.query<object[]>`/* findErasure */
    SELECT FROM user_deletions WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid`;
  return pending.length > 0;
}

/** A deleted user whose data is being erased. */
export interface PendingErasure extends Erasure {
  requestedAt: string;
  /** Events that are not erased yet, counted up to `REMAINING_CAP`. */
  remainingEvents: number;
}

/** Where the count of remaining events stops. */
export const REMAINING_CAP = 100_000;

/** Reads the deleted users of a workspace whose data is not erased yet, in order of deletion. */
export function listErasures(db: ReadDb, workspaceId: string): Promise<PendingErasure[]> {
  return db.query<PendingErasure[]>`/* listErasures */
    SELECT workspace_id AS "workspaceId", user_id AS "userId", requested_at AS "requestedAt",
      erased_events AS "erasedEvents", erased_changes AS "erasedChanges", erased_keys AS "erasedKeys", (
        SELECT count(*)::int FROM (
          SELECT FROM events WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = user_deletions.user_id
          LIMIT ${REMAINING_CAP}
        ) AS remaining
      ) AS "remainingEvents"
    FROM user_deletions WHERE workspace_id = ${workspaceId}::uuid ORDER BY requested_at`;
}
