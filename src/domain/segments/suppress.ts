import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Change } from '../changes/feed.ts';
import { record } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { inWriteQueue } from '../users/write-queue.ts';
import type { SegmentSuppressionInput } from './inputs.ts';

/** Whether a user is suppressed in a segment whenever the user is a member of it. */
export interface SegmentSuppressionStatus {
  readonly userId: string;
  readonly segmentId: string;
  readonly suppressed: boolean;
}

/**
 * Suppresses a user in a segment, or ends the suppression. The suppression persists when the user exits the segment and
 * enters it again, and can be set for a user who is not a member.
 * @throws {NotFoundError} if the workspace has no such user or segment.
 * @throws {UserBusyError} if too many writes to the user are in flight.
 */
export function setSegmentSuppression(
  db: Database,
  actor: Actor,
  { uid, segmentId, suppressed }: SegmentSuppressionInput,
): Promise<SegmentSuppressionStatus> {
  const { workspaceId } = actor;
  return inWriteQueue(db, workspaceId, uid, () =>
    inTransaction(db, async (tx) => {
      const userId = await lockUser(tx, workspaceId, uid);
      await lockSegment(tx, workspaceId, segmentId);
      await tx.execute`/* setSegmentSuppression */
        WITH written AS (
          ${
            suppressed
              ? Prisma.sql`INSERT INTO segment_suppressions (workspace_id, user_id, segment_id)
                  VALUES (${workspaceId}::uuid, ${userId}::uuid, ${segmentId}::uuid) ON CONFLICT DO NOTHING`
              : Prisma.sql`DELETE FROM segment_suppressions
                  WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND segment_id = ${segmentId}::uuid`
          }
          RETURNING user_id, segment_id
        ), derived AS (
          UPDATE segment_memberships SET suppressed = ${suppressed}::boolean
          WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND segment_id = ${segmentId}::uuid
            AND suppressed <> ${suppressed}::boolean
        )
        ${record(actor, 'setSegmentSuppression', {
          from: Prisma.sql`written`,
          userId: Prisma.sql`user_id`,
          segmentId: Prisma.sql`segment_id`,
        })}`;
      return { userId, segmentId, suppressed };
    }),
  );
}

/** Locks a user against other writes until the transaction ends. */
async function lockUser(tx: WriteDb, workspaceId: string, uid: string): Promise<string> {
  const [user] = await tx.query<{ id: string }[]>`/* lockUserOfSuppression */
    SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid} FOR NO KEY UPDATE`;
  if (!user) throw new NotFoundError('User');
  return user.id;
}

/** Locks a segment against deletion until the transaction ends. */
async function lockSegment(tx: WriteDb, workspaceId: string, segmentId: string): Promise<void> {
  const segments = await tx.query<object[]>`/* lockSegmentOfSuppression */
    SELECT id FROM segments WHERE workspace_id = ${workspaceId}::uuid AND id = ${segmentId}::uuid FOR KEY SHARE`;
  if (segments.length === 0) throw new NotFoundError('Segment');
}

/**
 * Updates `segment_memberships.suppressed` for users whose suppression has changed, because a membership that was
 * inserted concurrently can have missed the change. The segment consumer calls this when it reads the change: by then,
 * both transactions are visible.
 */
export async function deriveSuppressions(db: WriteDb, workspaceId: string, changes: readonly Change[]): Promise<void> {
  const pairs = changes.filter(({ action }) => action === 'setSegmentSuppression');
  if (pairs.length === 0) return;
  const userIds = pairs.map(({ userId }) => String(userId));
  const segmentIds = pairs.map(({ segmentId }) => String(segmentId));
  await db.execute`/* deriveSuppressions */
    UPDATE segment_memberships SET suppressed = NOT segment_memberships.suppressed
    FROM (SELECT DISTINCT * FROM unnest(${userIds}::uuid[], ${segmentIds}::uuid[])) AS changed(user_id, segment_id)
    WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.user_id = changed.user_id
      AND segment_memberships.segment_id = changed.segment_id AND segment_memberships.suppressed <> (${isSuppressed(
        workspaceId,
        Prisma.sql`changed.user_id`,
        Prisma.sql`changed.segment_id`,
      )})`;
}

/** SQL of whether a user is suppressed in a segment. A subquery, so that PostgreSQL looks each row up by the primary key. */
export const isSuppressed = (workspaceId: string, userId: Prisma.Sql, segmentId: Prisma.Sql) => Prisma.sql`(
    SELECT true FROM segment_suppressions
    WHERE segment_suppressions.workspace_id = ${workspaceId}::uuid AND segment_suppressions.user_id = ${userId}
      AND segment_suppressions.segment_id = ${segmentId} LIMIT 1
  ) IS NOT NULL`;
