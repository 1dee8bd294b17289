import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';

/**
 * How users are locked: `change` against deletion and other changes, so that their relations can be written; `delete` also
 * against new relations.
 */
type UserLock = 'change' | 'delete';

const lockClauses: Readonly<Record<UserLock, Prisma.Sql>> = {
  change: Prisma.sql`FOR NO KEY UPDATE`,
  delete: Prisma.sql`FOR UPDATE`,
};

/**
 * Locks users until the transaction ends, in the order of their ids, as all writes of several users do.
 *
 * Each row is looked up by a range of its key in a lateral subquery, for the reason that upsert-many.ts gives.
 * @returns the ids of the users who exist, by uid.
 */
export async function lockUsers(
  tx: WriteDb,
  workspaceId: string,
  uids: ReadonlySet<string>,
  lock: UserLock,
): Promise<Map<string, string>> {
  const users = await tx.query<{ id: string; uid: string }[]>`/* lockUsersByUid */
    WITH found AS MATERIALIZED (
      SELECT users.id, sent.uid FROM unnest(${arrayParameter([...uids], 'text')}) AS sent(uid) CROSS JOIN LATERAL (
        SELECT id FROM users
        WHERE workspace_id = ${workspaceId}::uuid AND uid BETWEEN sent.uid AND sent.uid ORDER BY uid LIMIT 1
      ) AS users
    )
    SELECT users.* FROM (SELECT id, uid FROM found ORDER BY id) AS sorted CROSS JOIN LATERAL (
      SELECT id, uid FROM users
      -- Not a user whose uid has changed since.
      WHERE workspace_id = ${workspaceId}::uuid AND id BETWEEN sorted.id AND sorted.id AND uid = sorted.uid
      ORDER BY id LIMIT 1 ${lockClauses[lock]}
    ) AS users`;
  return new Map(users.map(({ id, uid }) => [uid, id]));
}
