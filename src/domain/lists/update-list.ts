import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { NotFoundError } from '../errors.ts';
import type { ListUpdate } from './inputs.ts';
import { type List, listColumns } from './list.ts';

/**
 * Changes a list's title or description.
 * @throws {NotFoundError} when the workspace has no such list.
 */
export async function updateList(db: Db, workspaceId: string, input: ListUpdate): Promise<List> {
  const title = input.title === undefined ? Prisma.sql`title` : Prisma.sql`${input.title}`;
  const description = input.description === undefined ? Prisma.sql`description` : Prisma.sql`${input.description}`;
  const [list] = await db.query<List[]>`
    UPDATE lists SET title = ${title}, description = ${description}
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${input.listId}::uuid
    RETURNING ${listColumns}`;
  if (!list) throw new NotFoundError('List');
  return list;
}
