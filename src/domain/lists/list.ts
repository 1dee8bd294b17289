import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Instant } from '../shared/instant.ts';
import type { User } from '../users/user.ts';

/** A list that users subscribe to. */
export interface List {
  /** UUIDv7: in order of creation. */
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly createdAt: Instant;
  /** When the list stopped accepting new members; null if it accepts them. */
  readonly archivedAt: Instant | null;
}

/** The properties of a membership. */
export interface Membership {
  /** False for a member who has unsubscribed. */
  readonly subscribed: boolean;
  readonly joinedAt: Instant;
}

/** A user's membership in a list. */
export type ListMembership = Membership & { readonly list: List; readonly userId: string };

/** A member of a list. */
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

/** Reads lists by their ids. Leaves out ids that are not in the workspace. */
export async function readLists(db: ReadDb, workspaceId: string, ids: readonly string[]): Promise<Map<string, List>> {
  const lists = await readRows(db, listColumns, {
    keys: ids.length,
    statement: Prisma.sql`/* readLists */
    SELECT ${listColumns.list} FROM lists
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')})`,
  });
  return new Map(lists.map((list) => [list.id, list]));
}

/** All lists of the workspace, including archived ones, newest first; the parent is the workspace. */
export function listsSource(workspaceId: string): KeysetSource<List> {
  return {
    columns: listColumns,
    table: Prisma.sql`lists`,
    where: Prisma.sql`lists.workspace_id = ${workspaceId}::uuid`,
    key: Prisma.sql`lists.id`,
  };
}
