import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import { type Page, type PageOfRows, readPages } from '../../db/reading/keyset.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Instant } from '../shared/instant.ts';

/** A group of users computed from a filter. */
export interface Segment {
  /** UUIDv7: in order of creation. */
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Instant;
}

/** A user's membership in a segment. */
export interface SegmentMembership {
  readonly segment: Segment;
  readonly userId: string;
  /** True for a member who receives no broadcasts sent to the segment. */
  readonly suppressed: boolean;
  /** When the user entered the segment; null for an imported member. */
  readonly enteredAt: Instant | null;
}

/** The columns of a `Segment`. */
export const segmentColumns = columnsOf<Segment>(
  {
    id: Prisma.sql`segments.id`,
    name: Prisma.sql`segments.name`,
    description: Prisma.sql`segments.description`,
    createdAt: { instant: Prisma.sql`segments.created_at` },
  },
  ['id'],
);

/**
 * SQL of the id of a segment's current definition; NULL if the workspace has no such segment. Only the memberships of
 * this definition count: the table also has memberships of pending definitions, and of replaced ones that are being
 * deleted.
 * @param segmentId SQL of the id of the segment.
 */
export function currentDefinition(workspaceId: string, segmentId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(SELECT definition_id FROM segments WHERE workspace_id = ${workspaceId}::uuid AND id = ${segmentId})`;
}

/** Reads segments by their ids. Leaves out ids that are not in the workspace. */
export async function readSegments(
  db: ReadDb,
  workspaceId: string,
  ids: readonly string[],
): Promise<Map<string, Segment>> {
  const segments = await readRows(db, segmentColumns, {
    keys: ids.length,
    statement: Prisma.sql`/* readSegments */
    SELECT ${segmentColumns.list} FROM segments
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')})`,
  });
  return new Map(segments.map((segment) => [segment.id, segment]));
}

/** All segments of the workspace, newest first; the parent is the workspace. */
export function segmentsSource(workspaceId: string): KeysetSource<Segment> {
  return {
    columns: segmentColumns,
    table: Prisma.sql`segments`,
    where: Prisma.sql`segments.workspace_id = ${workspaceId}::uuid`,
    key: Prisma.sql`segments.id`,
  };
}

/** Reads a page of the segments of a workspace, newest first. */
export async function readSegmentsPage(db: ReadDb, workspaceId: string, page: Page): Promise<PageOfRows<Segment>> {
  const pages = await readPages(db, segmentsSource(workspaceId), [workspaceId], page);
  return pages.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}
