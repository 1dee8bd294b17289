import type { WriteDb } from '../../db/client.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';
import { toCondition } from '../users/filter/filter.ts';
import { parseStoredFilter, type StoredFilter } from './stored-filter.ts';
import type { StoredDefinition } from './workspace-segments.ts';

/** Rows deleted by one step, or users whose due instants it deletes. */
const STEP_SIZE = 5_000;

interface CleanUpOptions {
  /** Step size as a fraction of the default. */
  part?: number;
  stepSize?: number | undefined;
}

/**
 * Deletes a batch of rows of replaced definitions: first the memberships of each and, if its segment was deleted, the suppressions. The
 * due instants of all definitions that depend on time are then deleted together, in one pass over the users: `segment_due` has no index
 * on `definition_id`, because it would slow down every write.
 * @param replaced the definitions, the oldest first.
 */
export async function cleanUpDefinitions(
  db: WriteDb,
  workspaceId: string,
  replaced: readonly StoredDefinition[],
  { part = 1, stepSize = Math.ceil(STEP_SIZE * part) }: CleanUpOptions = {},
): Promise<void> {
  // Definitions without a position still have memberships.
  const first = replaced.find(({ position }) => position === null);
  if (first) return deleteMembers(db, workspaceId, first, stepSize);
  const position = replaced[0]?.position ?? BEFORE_ALL_IDS;
  const ids = replaced.filter((definition) => definition.position === position).map(({ id }) => id);
  await deleteDues(db, workspaceId, { ids, position, stepSize });
}

async function deleteMembers(
  db: WriteDb,
  workspaceId: string,
  { id, segmentId, currentId }: StoredDefinition,
  stepSize: number,
): Promise<void> {
  const members = await db.execute`/* deleteSegmentMembers */
    DELETE FROM segment_memberships
    WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = ${id}::uuid
      AND segment_memberships.user_id IN (
        SELECT user_id FROM segment_memberships
        WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = ${id}::uuid
        ORDER BY user_id LIMIT ${stepSize}::int
      )`;
  if (members > 0) return;
  if (currentId === null && (await deleteSuppressions(db, workspaceId, segmentId, stepSize)) > 0) return;
  if (await dependsOnTime(db, workspaceId, id)) {
    await db.execute`/* beginToDeleteSegmentDues */
      UPDATE segment_definitions SET position = ${BEFORE_ALL_IDS}::uuid
      WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ${id}::uuid`;
  } else await deleteDefinitions(db, workspaceId, [id]);
}

const deleteSuppressions = (db: WriteDb, workspaceId: string, segmentId: string, stepSize: number) =>
  db.execute`/* deleteSegmentSuppressions */
    DELETE FROM segment_suppressions
    WHERE segment_suppressions.workspace_id = ${workspaceId}::uuid AND segment_suppressions.segment_id = ${segmentId}::uuid
      AND segment_suppressions.user_id IN (
        SELECT user_id FROM segment_suppressions
        WHERE segment_suppressions.workspace_id = ${workspaceId}::uuid AND segment_suppressions.segment_id = ${segmentId}::uuid
        LIMIT ${stepSize}::int
      )`;

/** Whether a definition can have due instants. */
async function dependsOnTime(db: WriteDb, workspaceId: string, id: string): Promise<boolean> {
  const [row] = await db.query<{ filter: StoredFilter }[]>`/* readReplacedFilter */
    SELECT filter FROM segment_definitions
    WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ${id}::uuid`;
  if (!row) return false;
  return toCondition(parseStoredFilter(row.filter))
    .dependencies()
    .some(({ kind }) => kind === 'time');
}

/** Deletes the due instants of the next users, and with the last of them the definitions. */
async function deleteDues(
  db: WriteDb,
  workspaceId: string,
  { ids, position, stepSize }: { ids: readonly string[]; position: string; stepSize: number },
): Promise<void> {
  const [range] = await db.query<{ last: string | null }[]>`/* readUsersToCleanUp */
    SELECT max(id::text) AS last FROM (
      SELECT users.id FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id > ${position}::uuid
      ORDER BY users.id LIMIT ${stepSize}::int
    ) AS next`;
  const last = range?.last;
  if (last == null) return deleteDefinitions(db, workspaceId, ids);
  await db.execute`/* deleteSegmentDues */
    WITH due AS (
      DELETE FROM segment_due
      WHERE segment_due.workspace_id = ${workspaceId}::uuid AND segment_due.user_id > ${position}::uuid
        AND segment_due.user_id <= ${last}::uuid AND segment_due.definition_id = ANY(${ids}::uuid[])
    )
    UPDATE segment_definitions SET position = ${last}::uuid
    WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ANY(${ids}::uuid[])`;
}

async function deleteDefinitions(db: WriteDb, workspaceId: string, ids: readonly string[]): Promise<void> {
  await db.execute`/* deleteSegmentDefinitions */
    DELETE FROM segment_definitions
    WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ANY(${ids}::uuid[])`;
}
