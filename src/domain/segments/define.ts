import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { record } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { NotFoundError, SegmentInUseError, TooManySegmentsError } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import { MAX_SEGMENTS } from '../shared/limits.ts';
import type { UserFilter } from '../users/filter/input.ts';
import type { NewSegment, SegmentUpdate } from './inputs.ts';
import { checkCycles, checkReferences, readReferringSegments } from './references.ts';
import { readSegments, type Segment } from './segment.ts';
import { CONSUMER } from './stored.ts';
import { canonicalFilter, type StoredFilter } from './stored-filter.ts';

/**
 * Creates a segment. Its members are computed in the background; until that is complete, it has none.
 * @throws {TooManySegmentsError} if the workspace already has `MAX_SEGMENTS` segments.
 * @throws {ValidationError} if the filter refers to a list or a segment that the workspace does not have.
 */
export function createSegment(db: Database, actor: Actor, input: NewSegment): Promise<Segment> {
  const { workspaceId } = actor;
  return inTransaction(db, async (tx) => {
    await lockDefinitions(tx, workspaceId);
    if ((await countSegments(tx, workspaceId)) >= MAX_SEGMENTS) throw new TooManySegmentsError(MAX_SEGMENTS);
    await checkReferences(tx, workspaceId, input.where);
    const id = newId();
    const now = new Date();
    await tx.execute`/* createSegment */
      WITH created AS (
        INSERT INTO segments (workspace_id, id, definition_id, name, description, created_at)
        VALUES (${workspaceId}::uuid, ${id}::uuid, ${id}::uuid, ${input.name}, ${input.description ?? null}, ${now})
        RETURNING id
      ), defined AS (${insertDefinition(workspaceId, id, input.where, now)})
      ${record(actor, 'createSegment', { from: Prisma.sql`created`, segmentId: Prisma.sql`id` })}`;
    return readSegment(tx, workspaceId, id);
  });
}

/**
 * Changes the name, the description or the filter of a segment. The members of a changed filter are computed in the
 * background, and replace the current ones when they are complete. A filter that equals the latest one, which may still
 * be computing, changes nothing.
 * @throws {NotFoundError} if the workspace has no such segment.
 * @throws {ValidationError} as `createSegment`.
 * @throws {SegmentCycleError} if the segment would depend on itself.
 */
export function updateSegment(db: Database, actor: Actor, input: SegmentUpdate): Promise<Segment> {
  const { workspaceId } = actor;
  const { segmentId, name, description, where } = input;
  return inTransaction(db, async (tx) => {
    if (where != null) await lockDefinitions(tx, workspaceId);
    const current = await lockSegment(tx, workspaceId, segmentId);
    const isRedefined = where != null && (await redefine(tx, workspaceId, current, where));
    const changed = [
      ...(name != null && name !== current.name ? ['name'] : []),
      ...(description !== undefined && description !== current.description ? ['description'] : []),
      ...(isRedefined ? ['where'] : []),
    ];
    if (changed.length > 0) {
      await tx.execute`/* updateSegment */
        WITH updated AS (
          UPDATE segments SET name = ${name ?? current.name},
            description = ${description === undefined ? current.description : description}
          WHERE workspace_id = ${workspaceId}::uuid AND id = ${segmentId}::uuid
          RETURNING id
        )
        ${record(actor, 'updateSegment', {
          from: Prisma.sql`updated`,
          segmentId: Prisma.sql`id`,
          changed: Prisma.sql`${changed}::text[]`,
        })}`;
    }
    return readSegment(tx, workspaceId, segmentId);
  });
}

/**
 * Deletes a segment immediately; its membership rows are deleted in the background.
 * @throws {NotFoundError} if the workspace has no such segment.
 * @throws {SegmentInUseError} if filters of other segments refer to it.
 */
export function deleteSegment(db: Database, actor: Actor, segmentId: string): Promise<void> {
  const { workspaceId } = actor;
  return inTransaction(db, async (tx) => {
    await lockDefinitions(tx, workspaceId);
    await lockSegment(tx, workspaceId, segmentId);
    const referring = await readReferringSegments(tx, workspaceId, segmentId);
    if (referring.length > 0) throw new SegmentInUseError(referring);
    const now = new Date();
    // Imported members have no definition row. A replaced one is added, so that the background job deletes these
    // members, too.
    await tx.execute`/* deleteSegment */
      WITH deleted AS (
        DELETE FROM segments WHERE workspace_id = ${workspaceId}::uuid AND id = ${segmentId}::uuid
        RETURNING id, definition_id
      ), replaced AS (
        UPDATE segment_definitions SET replaced_at = ${now}, position = NULL
        WHERE workspace_id = ${workspaceId}::uuid AND segment_id = ${segmentId}::uuid AND replaced_at IS NULL
      ), imported AS (
        INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at, replaced_at)
        SELECT ${workspaceId}::uuid, id, id, '{}'::jsonb, ${now}, ${now} FROM deleted WHERE definition_id = id
        ON CONFLICT DO NOTHING
      )
      ${record(actor, 'deleteSegment', { from: Prisma.sql`deleted`, segmentId: Prisma.sql`id` })}`;
  });
}

/**
 * Serializes changes to the definitions of a workspace until the transaction ends, and increments the version, so that
 * the consumer reads the definitions again. The first definition of a workspace inserts the consumer. Its version is
 * the transaction id, which is greater than all earlier versions of a consumer of the workspace: each increment was a
 * transaction of its own.
 */
async function lockDefinitions(tx: WriteDb, workspaceId: string): Promise<void> {
  await tx.execute`/* lockDefinitions */
    INSERT INTO change_consumers (workspace_id, name, snapshot, version)
    VALUES (${workspaceId}::uuid, ${CONSUMER}, pg_current_snapshot()::text, pg_current_xact_id()::text::bigint)
    ON CONFLICT (workspace_id, name) DO UPDATE SET version = change_consumers.version + 1`;
}

async function countSegments(tx: WriteDb, workspaceId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }[]>`/* countSegments */
    SELECT count(*)::int AS count FROM segments WHERE workspace_id = ${workspaceId}::uuid`;
  return row?.count ?? 0;
}

const insertDefinition = (workspaceId: string, segmentId: string, where: UserFilter, now: Date) => Prisma.sql`
  INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at)
  VALUES (${workspaceId}::uuid, ${newId()}::uuid, ${segmentId}::uuid, ${canonicalFilter(where)}::jsonb, ${now})`;

/** The fields that an update compares with its input. */
type LockedSegment = Pick<Segment, 'id' | 'name' | 'description'> & { definitionId: string };

/** Locks a segment until the transaction ends. */
async function lockSegment(tx: WriteDb, workspaceId: string, segmentId: string): Promise<LockedSegment> {
  const [segment] = await tx.query<LockedSegment[]>`/* lockSegment */
    SELECT id, name, description, definition_id AS "definitionId" FROM segments
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${segmentId}::uuid FOR UPDATE`;
  if (!segment) throw new NotFoundError('Segment');
  return segment;
}

/**
 * Adds a definition, unless the latest one has the same filter. A definition that is still computing is replaced.
 * @returns whether it did.
 */
async function redefine(
  tx: WriteDb,
  workspaceId: string,
  { id: segmentId, definitionId }: LockedSegment,
  where: UserFilter,
): Promise<boolean> {
  const definitions = await tx.query<{ id: string; filter: StoredFilter }[]>`/* readDefinitionsToReplace */
    SELECT id, filter FROM segment_definitions
    WHERE workspace_id = ${workspaceId}::uuid AND segment_id = ${segmentId}::uuid AND replaced_at IS NULL`;
  const pending = definitions.filter(({ id }) => id !== definitionId);
  // Compare with the pending definition if there is one, even if the current definition has the same filter: its
  // members may be outdated.
  const newest = pending.length > 0 ? pending : definitions;
  if (newest.some(({ filter }) => canonicalFilter(filter) === canonicalFilter(where))) return false;
  await checkReferences(tx, workspaceId, where);
  await checkCycles(tx, workspaceId, segmentId, where);
  const now = new Date();
  await tx.execute`/* replacePendingDefinitions */
    UPDATE segment_definitions SET replaced_at = ${now}, position = NULL
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${pending.map(({ id }) => id)}::uuid[])`;
  await tx.execute`/* addDefinition */ ${insertDefinition(workspaceId, segmentId, where, now)}`;
  return true;
}

async function readSegment(tx: WriteDb, workspaceId: string, segmentId: string): Promise<Segment> {
  const segment = (await readSegments(tx, workspaceId, [segmentId])).get(segmentId);
  if (!segment) throw new NotFoundError('Segment');
  return segment;
}
