import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { recordEach } from '../audit/record.ts';
import { NotFoundError, ValidationError } from '../errors.ts';
import { newId } from '../new-id.ts';

/**
 * Subscribes a new user to lists that are locked, without a confirmation. A list named twice is joined once.
 * @throws {NotFoundError} when the workspace lacks one of the lists.
 * @throws {ValidationError} naming each list that is archived, by its place in `listIds`.
 */
export async function joinLists(
  tx: Db,
  actor: Actor,
  userId: string,
  listIds: readonly string[],
  found: LockedLists,
): Promise<void> {
  if (listIds.length === 0) return;
  const { workspaceId } = actor;
  if (listIds.some((id) => !found.has(id))) throw new NotFoundError('List');
  const issues = listIds.flatMap((id, place) =>
    found.get(id) ? [{ path: ['listIds', String(place)], code: 'LIST_ARCHIVED', message: 'is archived' }] : [],
  );
  if (issues.length > 0) throw new ValidationError(issues);
  const at = new Date();
  const ids = [...found.keys()];
  await tx.execute`
    WITH joined AS (
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
      SELECT ${workspaceId}::uuid, id, ${userId}::uuid, true, ${at} FROM unnest(${ids}::uuid[]) AS id
      RETURNING list_id, user_id
    )
    ${recordEach(
      { workspaceId, id: Prisma.sql`entry.id`, actorName: Prisma.sql`${actor.actorName}`, at },
      'subscribeToList',
      {
        from: Prisma.sql`joined JOIN unnest(${ids}::uuid[], ${ids.map(() => newId())}::uuid[]) AS entry(list_id, id)
          USING (list_id)`,
        userId: Prisma.sql`user_id`,
        listId: Prisma.sql`list_id`,
      },
    )}`;
}

/** Whether each list that exists is archived, by its id. */
export type LockedLists = ReadonlyMap<string, boolean>;

/** Keeps lists from being archived until the transaction ends. */
export async function lockLists(tx: Db, workspaceId: string, listIds: readonly string[]): Promise<LockedLists> {
  if (listIds.length === 0) return new Map();
  const lists = await tx.query<{ id: string; archived: boolean }[]>`
    SELECT id, archived_at IS NOT NULL AS archived FROM lists
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${listIds}::uuid[])
    ORDER BY id FOR SHARE`;
  return new Map(lists.map(({ id, archived }) => [id, archived]));
}
