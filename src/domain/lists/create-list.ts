import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../../db/client.ts';
import type { NewList } from './inputs.ts';
import { type List, listColumns } from './list.ts';

/** Creates a list. */
export async function createList(db: Db, workspaceId: string, input: NewList): Promise<List> {
  const [list] = await db.query<List[]>`
    INSERT INTO lists (workspace_id, id, title, description, created_at)
    VALUES (${workspaceId}::uuid, ${uuidv7()}::uuid, ${input.title}, ${input.description ?? null}, ${new Date()})
    RETURNING ${listColumns}`;
  if (!list) throw new Error('An insert returned no row.');
  return list;
}
