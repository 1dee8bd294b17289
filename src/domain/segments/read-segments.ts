import { anyLength } from '../../db/array.ts';
import type { Db } from '../../db/client.ts';
import { readRows } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { KeysetSource } from '../../db/keyset.ts';
import { type Segment, segmentColumns } from './segment.ts';

/** The segments with some ids, by id; those that the workspace has not are left out. */
export async function readSegments(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, Segment>> {
  const segments = await readRows(db, segmentColumns, {
    keys: ids.length,
    statement: Prisma.sql`
    SELECT ${segmentColumns.list} FROM segments
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${anyLength(ids, 'uuid')})`,
  });
  return new Map(segments.map((segment) => [segment.id, segment]));
}

/** All segments of the workspace, newest first; the parent is the workspace. */
export const segmentsSource: KeysetSource<Segment> = {
  columns: segmentColumns,
  table: Prisma.sql`segments`,
  where: Prisma.sql`segments.workspace_id = parent.id`,
  key: Prisma.sql`segments.id`,
};
