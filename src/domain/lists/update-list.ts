import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { record } from '../audit/record.ts';
import { NotFoundError } from '../errors.ts';
import type { ListUpdate } from './inputs.ts';
import { type List, listColumns } from './list.ts';

/**
 * Changes a list's title or description.
 * @throws {NotFoundError} when the workspace has no such list.
 */
export async function updateList(db: Db, actor: Actor, input: ListUpdate): Promise<List> {
  const title = input.title === undefined ? Prisma.sql`title` : Prisma.sql`${input.title}`;
  const description = input.description === undefined ? Prisma.sql`description` : Prisma.sql`${input.description}`;
  const [list] = await db.query<List[]>`
    WITH updated AS (
      UPDATE lists SET title = ${title}, description = ${description}
      WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${input.listId}::uuid
      RETURNING ${listColumns.list}
    ), audited AS (${record(actor, 'updateList', { from: Prisma.sql`updated`, listId: Prisma.sql`id` })})
    SELECT * FROM updated`;
  if (!list) throw new NotFoundError('List');
  return list;
}
