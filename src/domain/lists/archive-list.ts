import type { Db } from '../../db/client.ts';
import { NotFoundError } from '../errors.ts';
import { type List, listColumns } from './list.ts';

/**
 * Archives a list: it takes no new members, those it has stay. Archiving again changes nothing.
 * @throws {NotFoundError} when the workspace has no such list.
 */
export async function archiveList(db: Db, workspaceId: string, listId: string): Promise<List> {
  const [list] = await db.query<List[]>`
    UPDATE lists SET archived_at = coalesce(archived_at, ${new Date()})
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${listId}::uuid
    RETURNING ${listColumns}`;
  if (!list) throw new NotFoundError('List');
  return list;
}
