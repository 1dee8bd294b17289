import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { record } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import type { ListUpdate, NewList } from './inputs.ts';
import { type List, listColumns } from './list.ts';

/** Creates a list. */
export async function createList(db: WriteDb, actor: Actor, input: NewList): Promise<List> {
  const [list] = await db.query<List[]>`/* createList */
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

/**
 * Updates the title or the description of a list.
 * @throws {NotFoundError} if the workspace has no such list.
 */
export async function updateList(db: WriteDb, actor: Actor, input: ListUpdate): Promise<List> {
  const title = input.title === undefined ? Prisma.sql`title` : Prisma.sql`${input.title}`;
  const description = input.description === undefined ? Prisma.sql`description` : Prisma.sql`${input.description}`;
  const [list] = await db.query<List[]>`/* updateList */
    WITH updated AS (
      UPDATE lists SET title = ${title}, description = ${description}
      WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${input.listId}::uuid
      RETURNING ${listColumns.list}
    ), audited AS (${record(actor, 'updateList', { from: Prisma.sql`updated`, listId: Prisma.sql`id` })})
    SELECT * FROM updated`;
  if (!list) throw new NotFoundError('List');
  return list;
}

/**
 * Archives a list: it accepts no new members, and keeps those it has. Archiving it again changes nothing.
 * @throws {NotFoundError} if the workspace has no such list.
 */
export async function archiveList(db: WriteDb, actor: Actor, listId: string): Promise<List> {
  const [list] = await db.query<List[]>`/* archiveList */
    WITH archived AS (
      UPDATE lists SET archived_at = coalesce(archived_at, ${new Date()})
      WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${listId}::uuid
      RETURNING ${listColumns.list}
    ), audited AS (${record(actor, 'archiveList', { from: Prisma.sql`archived`, listId: Prisma.sql`id` })})
    SELECT * FROM archived`;
  if (!list) throw new NotFoundError('List');
  return list;
}
