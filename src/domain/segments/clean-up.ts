import type { WriteDb } from '../../db/client.ts';
import type { StoredDefinition } from './workspace-segments.ts';

/** Memberships deleted by one step, or users whose due instants and suppressions it deletes. */
const STEP_SIZE = 5_000;

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Deletes a batch of rows of a replaced definition: first its memberships, then its due instants and, if the segment
 * was deleted, the suppressions, and finally the definition itself.
 * @param part step size as a fraction of the default.
 */
export async function cleanUpDefinition(
  db: WriteDb,
  workspaceId: string,
  { id, segmentId, position, currentId }: StoredDefinition,
  { part = 1, stepSize = Math.ceil(STEP_SIZE * part) }: { part?: number; stepSize?: number | undefined } = {},
): Promise<void> {
  const deleted = await db.execute`/* deleteSegmentMembers */
    DELETE FROM segment_memberships
    WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = ${id}::uuid
      AND segment_memberships.user_id IN (
        SELECT user_id FROM segment_memberships
        WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = ${id}::uuid
        ORDER BY user_id LIMIT ${stepSize}::int
      )`;
  if (deleted > 0) return;
  const after = position ?? FIRST_ID;
  const [range] = await db.query<{ last: string | null; users: number }[]>`/* readUsersToCleanUp */
    SELECT max(id::text) AS last, count(*)::int AS users FROM (
      SELECT users.id FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id > ${after}::uuid
      ORDER BY users.id LIMIT ${stepSize}::int
    ) AS next`;
  const last = range?.last;
  if (last == null) {
    await db.execute`/* deleteSegmentDefinition */
      DELETE FROM segment_definitions
      WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ${id}::uuid`;
    return;
  }
  const isDeleted = currentId === null;
  await db.execute`/* deleteSegmentDues */
    WITH due AS (
      DELETE FROM segment_due
      WHERE segment_due.workspace_id = ${workspaceId}::uuid AND segment_due.user_id > ${after}::uuid
        AND segment_due.user_id <= ${last}::uuid AND segment_due.definition_id = ${id}::uuid
    ), suppression AS (
      DELETE FROM segment_suppressions
      WHERE segment_suppressions.workspace_id = ${workspaceId}::uuid AND segment_suppressions.user_id > ${after}::uuid
        AND segment_suppressions.user_id <= ${last}::uuid AND segment_suppressions.segment_id = ${segmentId}::uuid AND ${isDeleted}::boolean
    )
    UPDATE segment_definitions SET position = ${last}::uuid
    WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ${id}::uuid`;
}
