import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { record } from '../changes/record.ts';
import { SEGMENTS } from '../shared/actor.ts';
import { newId } from '../shared/ids.ts';
import { referencesOf } from './plan.ts';
import { CONSUMER, movedSql } from './stored.ts';
import { type StoredDefinition, WorkspaceSegments } from './workspace-segments.ts';

/**
 * Makes a computed definition the current one of its segment, and records one `computeSegment` change. Definitions that
 * refer to the segment are recomputed.
 * @param version the version at which no users were left to read. A later step may have consumed the change of a new
 * user without evaluating the definition for that user.
 * @returns false if nothing was written because another process wrote a step or a definition changed.
 */
export async function completeDefinition(
  db: Database,
  segments: WorkspaceSegments,
  { definitionId, version }: { definitionId: string; version: bigint },
  now = new Date(),
): Promise<boolean> {
  const { workspaceId } = segments;
  return inTransaction(db, async (tx) => {
    const current = await segments.read(tx);
    const definition = current?.definitions.find(({ id }) => id === definitionId);
    if (current?.position.version !== String(version)) return false;
    if (!definition || definition.isReplaced || definition.isComplete) return false;
    const { segmentId, currentId } = definition;
    const done = await tx.query<unknown[]>`/* completeSegmentDefinition */
      WITH ${movedSql(workspaceId, current.position)}, completed AS (
        UPDATE segment_definitions SET completed_at = ${now} FROM moved
        WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ${definitionId}::uuid
        RETURNING segment_id, entered, exited
      ), switched AS (
        UPDATE segments SET definition_id = ${definitionId}::uuid FROM moved
        WHERE segments.workspace_id = ${workspaceId}::uuid AND segments.id = ${segmentId}::uuid
      ), recorded AS (${record({ workspaceId, actorName: SEGMENTS }, 'computeSegment', {
        from: Prisma.sql`completed`,
        segmentId: Prisma.sql`segment_id`,
        changed: Prisma.sql`ARRAY['entered:' || entered, 'exited:' || exited]`,
      })})
      SELECT FROM moved`;
    if (done.length === 0) return false;
    await replaceDefinition(tx, { workspaceId, segmentId, definitionId: currentId ?? segmentId });
    const dependents = dependentsOn(segmentId, current.definitions, segments);
    for (const dependent of dependents) await computeAgain(tx, workspaceId, dependent);
    return true;
  });
}

/**
 * Marks a definition as replaced, so that its members are deleted in the background.
 * @param definition `definitionId` is the id of the segment if its members were imported; such a definition has no row
 * yet.
 */
export async function replaceDefinition(
  tx: WriteDb,
  { workspaceId, segmentId, definitionId }: { workspaceId: string; segmentId: string; definitionId: string },
): Promise<void> {
  await tx.execute`/* replaceSegmentDefinition */
    INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at, replaced_at)
    VALUES (${workspaceId}::uuid, ${definitionId}::uuid, ${segmentId}::uuid, '{}', now(), now())
    ON CONFLICT (workspace_id, id) DO UPDATE SET replaced_at = now(), position = NULL`;
}

/** Definitions that refer to a segment. */
const dependentsOn = (segmentId: string, definitions: readonly StoredDefinition[], segments: WorkspaceSegments) =>
  startedDefinitions(definitions).filter((definition) => {
    if (definition.segmentId === segmentId) return false;
    const references = referencesOf(segments.conditionOf(definition.id));
    return !references || references.has(segmentId);
  });

/**
 * Adds a pending definition with the same filter. A complete definition stays current until then; an incomplete one is
 * replaced now.
 */
async function computeAgain(tx: WriteDb, workspaceId: string, definition: StoredDefinition): Promise<void> {
  const { id, segmentId, isComplete } = definition;
  await tx.execute`/* computeSegmentAgain */
    INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at)
    SELECT ${workspaceId}::uuid, ${newId()}::uuid, ${segmentId}::uuid, filter, now() FROM segment_definitions
    WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = ${id}::uuid
      AND NOT EXISTS (
        SELECT FROM segment_definitions AS newer
        WHERE newer.workspace_id = ${workspaceId}::uuid AND newer.segment_id = ${segmentId}::uuid
          AND newer.id <> ${id}::uuid AND newer.completed_at IS NULL AND newer.replaced_at IS NULL
      )`;
  if (!isComplete) await replaceDefinition(tx, { workspaceId, segmentId, definitionId: id });
}

/**
 * Recomputes all segments of a workspace, and keeps their current members until then. Called when changes may be
 * missing from the log, such as after a restore.
 */
export async function computeAllAgain(db: Database, segments: WorkspaceSegments): Promise<void> {
  const { workspaceId } = segments;
  await inTransaction(db, async (tx) => {
    await tx.execute`/* bumpSegmentConsumer */
      UPDATE change_consumers SET version = version + 1, snapshot = pg_current_snapshot()::text
      WHERE workspace_id = ${workspaceId}::uuid AND name = ${CONSUMER}`;
    for (const definition of startedDefinitions((await segments.read(tx))?.definitions))
      await computeAgain(tx, workspaceId, definition);
  });
}

/** Definitions whose computation has started; the others will read what is stored then. */
const startedDefinitions = (definitions: readonly StoredDefinition[] = []) =>
  definitions.filter(
    ({ isReplaced, isComplete, position, currentId }) =>
      !isReplaced && currentId !== null && (isComplete || position !== null),
  );

/**
 * Recomputes the segments of all workspaces whose filters read events, and keeps their current members until then. Called when events
 * are gone without changes that say so.
 */
export async function computeEventSegmentsAgain(db: Database): Promise<void> {
  // Cheaper than to compile all filters. An attribute of this name is no harm.
  const rows = await db.queryAllWorkspaces<{ id: string }[]>`/* listWorkspacesWithEventSegments */
    SELECT DISTINCT workspace_id AS id FROM segment_definitions WHERE replaced_at IS NULL AND strpos(filter::text, '"events"') > 0`;
  for (const { id } of rows) await computeEventSegmentsOf(db, new WorkspaceSegments(id));
}

async function computeEventSegmentsOf(db: Database, segments: WorkspaceSegments): Promise<void> {
  const { workspaceId } = segments;
  await inTransaction(db, async (tx) => {
    // The snapshot remains: the other definitions still need the changes since then.
    await tx.execute`/* bumpSegmentVersion */
      UPDATE change_consumers SET version = version + 1 WHERE workspace_id = ${workspaceId}::uuid AND name = ${CONSUMER}`;
    for (const definition of startedDefinitions((await segments.read(tx))?.definitions)) {
      const dependencies = segments.conditionOf(definition.id).dependencies();
      if (dependencies.some(({ kind }) => kind === 'events')) await computeAgain(tx, workspaceId, definition);
    }
  });
}
