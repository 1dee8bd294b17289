import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import { type Page, type PageOfRows, readPages } from '../../db/reading/keyset.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import type { OrderedSource } from '../../db/reading/ordered/source.ts';
import { arrayParameter } from '../../db/sql.ts';
import { matchingMembers, type UserQuery } from '../users/query.ts';
import { type User, userColumns } from '../users/user.ts';
import { currentDefinition, type Segment, type SegmentMembership, segmentColumns } from './segment.ts';

/** A segment with the membership of a user. */
type SegmentOfUser = Segment & Omit<SegmentMembership, 'segment'>;

const segmentOfUserColumns = columnsOf<SegmentOfUser>({
  userId: Prisma.sql`segment_memberships.user_id`,
  suppressed: Prisma.sql`segment_memberships.suppressed`,
  enteredAt: { instant: Prisma.sql`segment_memberships.entered_at` },
  ...segmentColumns.expressions,
});

/** Reads the segment memberships of several users, newest segment first, by the id of the user. */
export async function readSegmentMemberships(
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
): Promise<Map<string, readonly SegmentMembership[]>> {
  const rows = await readRows(db, segmentOfUserColumns, {
    keys: userIds.length,
    statement: Prisma.sql`/* readSegmentMemberships */
    SELECT ${segmentOfUserColumns.list}
    FROM segment_memberships
    JOIN segments
      ON segments.workspace_id = ${workspaceId}::uuid AND segments.id = segment_memberships.segment_id
      AND segments.definition_id = segment_memberships.definition_id
    WHERE segment_memberships.workspace_id = ${workspaceId}::uuid
      AND segment_memberships.user_id = ANY(${arrayParameter(userIds, 'uuid')})
    ORDER BY segment_memberships.user_id, segment_memberships.segment_id DESC`,
  });
  const memberships = rows.map(({ userId, suppressed, enteredAt, ...segment }) => ({
    userId,
    suppressed,
    enteredAt,
    segment,
  }));
  return Map.groupBy(memberships, (membership) => membership.userId);
}

/** The members of a segment, including suppressed ones, newest user first; the parent is the segment. */
export function segmentMembersSource(workspaceId: string): KeysetSource<User> {
  return {
    columns: userColumns,
    table: Prisma.sql`segment_memberships`,
    join: Prisma.sql`JOIN users
      ON users.workspace_id = ${workspaceId}::uuid AND users.id = segment_memberships.user_id`,
    where: Prisma.sql`segment_memberships.workspace_id = ${workspaceId}::uuid
      AND segment_memberships.definition_id = ${currentDefinition(workspaceId, Prisma.sql`parent.id`)}`,
    key: Prisma.sql`segment_memberships.user_id`,
  };
}

/** Reads a page of the members of a segment, newest user first. */
export async function readSegmentMembersPage(
  db: ReadDb,
  workspaceId: string,
  segmentId: string,
  page: Page,
): Promise<PageOfRows<User>> {
  const pages = await readPages(db, segmentMembersSource(workspaceId), [segmentId], page);
  return pages.get(segmentId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}

/** The members of a segment that match a query. @param now as for `matchingUsers`. */
export function matchingSegmentMembers(
  workspaceId: string,
  segmentId: string,
  query: UserQuery,
  now: Date,
): OrderedSource<User> {
  return matchingMembers(workspaceId, query, now, {
    membership: {
      table: Prisma.sql`segment_memberships`,
      where: Prisma.sql`segment_memberships.workspace_id = ${workspaceId}::uuid
        AND segment_memberships.definition_id = ${currentDefinition(workspaceId, Prisma.sql`${segmentId}::uuid`)}`,
      rowId: Prisma.sql`segment_memberships.user_id`,
    },
    columns: userColumns,
  });
}

/** A user's membership in a segment, without the segment itself. */
export interface SegmentSuppression {
  userId: string;
  segmentId: string;
  suppressed: boolean;
}

const suppressionColumns = columnsOf<SegmentSuppression>({
  userId: Prisma.sql`segment_memberships.user_id`,
  segmentId: Prisma.sql`segment_memberships.segment_id`,
  suppressed: Prisma.sql`segment_memberships.suppressed`,
});

/** The segment memberships of some users, by user id, newest segment first. Reads no columns of the segments. */
export async function readSegmentSuppressions(
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
): Promise<Map<string, SegmentSuppression[]>> {
  const rows = await readRows(db, suppressionColumns, {
    keys: userIds.length,
    statement: Prisma.sql`/* readSegmentSuppressions */
    SELECT ${suppressionColumns.list} FROM segment_memberships
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${arrayParameter(userIds, 'uuid')})
      AND definition_id = ${currentDefinition(workspaceId, Prisma.sql`segment_memberships.segment_id`)}
    ORDER BY segment_memberships.user_id, segment_memberships.segment_id DESC`,
  });
  return Map.groupBy(rows, ({ userId }) => userId);
}
