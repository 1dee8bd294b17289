import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { record } from '../audit/record.ts';
import { newId } from '../new-id.ts';
import type { NewList } from './inputs.ts';
import { type List, listColumns } from './list.ts';

/** Creates a list. */
export async function createList(db: Db, actor: Actor, input: NewList): Promise<List> {
  const [list] = await db.query<List[]>`
    WITH created AS (
      INSERT INTO lists (workspace_id, id, title, description, created_at)
      VALUES (
        ${actor.workspaceId}::uuid, ${newId()}::uuid, ${input.title}, ${input.description ?? null}, ${new Date()}
      )
      RETURNING ${listColumns.list}
    ), audited AS (${record(actor, 'createList', { from: Prisma.sql`created`, listId: Prisma.sql`id` })})
    SELECT * FROM created`;
  if (!list) throw new Error('An insert returned no row.');
  return list;
}
