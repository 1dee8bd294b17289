import { anyLength } from '../../db/array.ts';
import type { Db } from '../../db/client.ts';
import { readRows } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { KeysetSource } from '../../db/keyset.ts';
import { type List, listColumns } from './list.ts';

/** The lists with some ids, by id; those that the workspace has not are left out. */
export async function readLists(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, List>> {
  const lists = await readRows(db, listColumns, {
    keys: ids.length,
    statement: Prisma.sql`
    SELECT ${listColumns.list} FROM lists
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${anyLength(ids, 'uuid')})`,
  });
  return new Map(lists.map((list) => [list.id, list]));
}

/** All lists of the workspace, archived ones too, newest first; the parent is the workspace. */
export const listsSource: KeysetSource<List> = {
  columns: listColumns,
  table: Prisma.sql`lists`,
  where: Prisma.sql`lists.workspace_id = parent.id`,
  key: Prisma.sql`lists.id`,
};
