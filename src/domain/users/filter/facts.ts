import { Prisma } from '../../../db/generated/client.ts';
import { readRows } from '../../../db/reading/columns.ts';
import type { ReadDb } from '../../../db/statements.ts';
import { type User, userColumns } from '../user.ts';
import type { Condition, UserFacts } from './condition.ts';
export type FactNeeds = readonly Condition[];
export const needsOf = (conditions: readonly Condition[]): FactNeeds => conditions;
export async function readUserFacts(
  db: ReadDb,
  workspaceId: string,
  ids: readonly string[],
  _needs: FactNeeds,
  { now }: { now?: Date } = {},
) {
  const users = await readRows<User>(db, userColumns, {
    keys: 1,
    statement: Prisma.sql`/* readEverybody */ SELECT ${userColumns.list} FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${ids}::uuid[])`,
  });
  const of = async (sql: Prisma.Sql) => Map.groupBy(await db.query<any[]>(sql), ({ userId }) => userId as string);
  const devices = await of(Prisma.sql`/* readDevices */
      SELECT user_id AS "userId", platform, date_trunc('milliseconds', last_seen_at) AS "lastSeenAt" FROM devices
      WHERE workspace_id = ${workspaceId}::uuid`);
  const lists = await of(Prisma.sql`/* readLists */
      SELECT user_id AS "userId", list_id AS "listId", subscribed, joined_at AS "joinedAt" FROM list_memberships
      WHERE workspace_id = ${workspaceId}::uuid`);
  const memberships = await of(Prisma.sql`/* readMemberships */
      SELECT user_id AS "userId", segment_memberships.segment_id AS "segmentId", suppressed FROM segment_memberships
      JOIN segments ON segments.workspace_id = ${workspaceId}::uuid AND segments.definition_id = segment_memberships.definition_id
      WHERE segment_memberships.workspace_id = ${workspaceId}::uuid`);
  const events = await of(Prisma.sql`/* readEvents */
      SELECT user_id AS "userId", name, value, properties, (extract(epoch FROM timestamp) * 1000)::float8 AS timestamp
      FROM events WHERE workspace_id = ${workspaceId}::uuid`);
  return {
    now: now ?? new Date(),
    users: new Map<string, UserFacts>(
      users.map((user) => [
        user.id,
        {
          user,
          devices: devices.get(user.id) ?? [],
          lists: lists.get(user.id) ?? [],
          segments: memberships.get(user.id) ?? [],
          events: events.get(user.id) ?? [],
        },
      ]),
    ),
  };
}
