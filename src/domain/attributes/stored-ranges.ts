import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { AttributeType } from './declared.ts';

/** A range of the stored values of an attribute, if it is declared with the type. */
export interface RangeRequest {
  key: string;
  type: AttributeType;
  /** SQL of a condition on the stored value. */
  condition: Prisma.Sql;
}

/** A range of the stored values of an attribute. */
export interface StoredRange {
  /** The number of the declaration. */
  number: number;
  /** The users in the range; null if they are more than `MAX_USERS`. */
  userIds: string[] | null;
}

/** Users of a range that are read. If there are more, a page of them is found soon by reading one user after the other. */
const MAX_USERS = 1_000;

/**
 * Reads ranges whose attributes are declared and ready, by the place of their requests. The users of a small range are read here,
 * since PostgreSQL cannot estimate their number: its statistics are those of the values of all attributes.
 */
export async function readStoredRanges(
  db: ReadDb,
  workspaceId: string,
  requests: readonly RangeRequest[],
): Promise<Map<number, StoredRange>> {
  const selects = requests.map(({ key, type, condition }, place) => {
    const value = type === 'NUMBER' ? Prisma.sql`number_value` : Prisma.sql`text_value`;
    // The order is that of the index.
    return Prisma.sql`
      SELECT ${place}::int AS place, attribute_declarations.number, (
        SELECT CASE WHEN count(*) <= ${MAX_USERS}::int THEN coalesce(array_agg(found.user_id), '{}') END FROM (
          SELECT attribute_values.user_id FROM attribute_values
          WHERE attribute_values.workspace_id = ${workspaceId}::uuid
            AND attribute_values.attribute = attribute_declarations.number AND ${condition}
          ORDER BY attribute_values.${value} LIMIT ${MAX_USERS + 1}::int
        ) AS found
      )::text[] AS "userIds"
      FROM attribute_declarations
      WHERE attribute_declarations.workspace_id = ${workspaceId}::uuid AND attribute_declarations.key = ${key}::text
        AND attribute_declarations.type = ${type}::attribute_type AND attribute_declarations.ready_at IS NOT NULL`;
  });
  if (selects.length === 0) return new Map();
  const ranges = await db.queryOnce<(StoredRange & { place: number })[]>(
    Prisma.sql`/* readStoredRanges */ ${Prisma.join(selects, ' UNION ALL ')}`,
  );
  return new Map(ranges.map(({ place, ...range }) => [place, range]));
}
