import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Instant } from '../shared/instant.ts';
import type { StoredFilter } from './stored-filter.ts';

/**
 * Whether the members of the latest filter are complete; `STATIC` for a segment with imported members, which has no
 * filter.
 */
export const segmentStatuses = ['COMPUTING', 'READY', 'STATIC'] as const;
export type SegmentStatus = (typeof segmentStatuses)[number];

/** The filter of a segment, and the progress of its computation. */
export interface SegmentDefinition {
  readonly segmentId: string;
  /** The latest filter, even while its members are being computed; null for an imported segment. */
  readonly filter: StoredFilter | null;
  readonly status: SegmentStatus;
  /** Percentage of users evaluated for the filter, from 0 to 99; null unless the status is `COMPUTING`. */
  readonly progress: number | null;
  /**
   * When the computation of the current members completed; null before the first completion, and for an imported
   * segment.
   */
  readonly computedAt: Instant | null;
}

const definitionColumns = columnsOf<SegmentDefinition>({
  segmentId: Prisma.sql`segments.id`,
  filter: Prisma.sql`newest.filter`,
  status: Prisma.sql`(CASE WHEN newest.id IS NULL THEN 'STATIC' WHEN newest.completed_at IS NULL THEN 'COMPUTING' ELSE 'READY' END)`,
  progress: Prisma.sql`(CASE WHEN newest.id IS NOT NULL AND newest.completed_at IS NULL
    THEN least(99, coalesce(newest.users_read * 100::bigint / nullif(newest.users_total, 0), 0))::int END)`,
  computedAt: { instant: Prisma.sql`current_one.completed_at` },
});

/** Reads the definitions of segments by their ids. Leaves out ids that are not in the workspace. */
export async function readSegmentDefinitions(
  db: ReadDb,
  workspaceId: string,
  ids: readonly string[],
): Promise<Map<string, SegmentDefinition>> {
  const definitions = await readRows(db, definitionColumns, {
    keys: ids.length,
    statement: Prisma.sql`/* readDefinitionsOfSegments */
    SELECT ${definitionColumns.list} FROM segments
    LEFT JOIN LATERAL (
      SELECT * FROM segment_definitions
      WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.segment_id = segments.id
        AND segment_definitions.replaced_at IS NULL
      ORDER BY segment_definitions.completed_at IS NULL DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN segment_definitions AS current_one
      ON current_one.workspace_id = ${workspaceId}::uuid AND current_one.id = segments.definition_id
      AND current_one.replaced_at IS NULL
    WHERE segments.workspace_id = ${workspaceId}::uuid AND segments.id = ANY(${arrayParameter(ids, 'uuid')})`,
  });
  return new Map(definitions.map((definition) => [definition.segmentId, definition]));
}
