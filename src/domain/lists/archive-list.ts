import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { record } from '../audit/record.ts';
import { NotFoundError } from '../errors.ts';
import { type List, listColumns } from './list.ts';

/**
 * Archives a list: it takes no new members, those it has stay. Archiving again changes nothing.
 * @throws {NotFoundError} when the workspace has no such list.
 */
export async function archiveList(db: Db, actor: Actor, listId: string): Promise<List> {
  const [list] = await db.query<List[]>`
    WITH archived AS (
      UPDATE lists SET archived_at = coalesce(archived_at, ${new Date()})
      WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${listId}::uuid
      RETURNING ${listColumns.list}
    ), audited AS (${record(actor, 'archiveList', { from: Prisma.sql`archived`, listId: Prisma.sql`id` })})
    SELECT * FROM archived`;
  if (!list) throw new NotFoundError('List');
  return list;
}
