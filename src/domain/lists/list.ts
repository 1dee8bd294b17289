import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Instant } from '../shared/instant.ts';
import type { User } from '../users/user.ts';

/** A list that users subscribe to. */
export interface List {
  /** UUIDv7: in order of creation. */
  id: string;
  title: string;
  description: string | null;
  createdAt: Instant;
  /** Null while the list takes new members. */
  archivedAt: Instant | null;
}

/** What a membership says of itself. */
export interface Membership {
  /** False for somebody who unsubscribed, and stays a member. */
  subscribed: boolean;
  joinedAt: Instant;
}

/** A list, and how a user is on it. */
export type ListMembership = Membership & { list: List };

/** A user, and how they are on a list. */
export type ListMember = Membership & User;

/** The columns of a `List`. */
export const listColumns = columnsOf<List>(
  {
    id: Prisma.sql`lists.id`,
    title: Prisma.sql`lists.title`,
    description: Prisma.sql`lists.description`,
    createdAt: { instant: Prisma.sql`lists.created_at` },
    archivedAt: { instant: Prisma.sql`lists.archived_at` },
  },
  ['id'],
);

/** The columns of a `Membership`. */
export const membershipColumns = columnsOf<Membership>({
  subscribed: Prisma.sql`list_memberships.subscribed`,
  joinedAt: { instant: Prisma.sql`list_memberships.joined_at` },
});

/** The lists with some ids, by id; those that the workspace has not are left out. */
export async function readLists(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, List>> {
  const lists = await readRows(db, listColumns, {
    keys: ids.length,
    statement: Prisma.sql`
    SELECT ${listColumns.list} FROM lists
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')})`,
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
