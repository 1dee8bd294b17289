import { z } from 'zod';
import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { OrderedSource, Sort, SortKey } from '../../db/reading/ordered.ts';
import { readEventNames } from '../events/names.ts';
import { isJsonObject } from '../shared/attributes.ts';
import type { SqlScope } from './filter/condition.ts';
import { toCondition } from './filter/filter.ts';
import type { UserFilter } from './filter/input.ts';
import { type User, userColumns } from './user.ts';

/** A text without differences of case, as in the indexes. */
const folded = (column: Prisma.Sql) => Prisma.sql`lower(${column}) COLLATE "C"`;

/** What users can be sorted by. `nulls` is set where a user can lack the value. */
const sortKeys = {
  CREATED_AT: { value: Prisma.sql`users.created_at`, type: 'timestamptz' },
  UPDATED_AT: { value: Prisma.sql`users.updated_at`, type: 'timestamptz' },
  UID: { value: folded(Prisma.sql`users.uid`), type: 'text' },
  EMAIL: { value: folded(Prisma.sql`users.email`), type: 'text', nulls: 'last' },
  FIRST_NAME: { value: folded(Prisma.sql`users.first_name`), type: 'text', nulls: 'last' },
  LAST_NAME: { value: folded(Prisma.sql`users.last_name`), type: 'text', nulls: 'last' },
} as const satisfies Record<string, SortKey>;

/** The names of the fields by which users can be sorted. */
export const userOrderFields = Object.keys(sortKeys) as [keyof typeof sortKeys];

/** The order of users. Users with the same value are sorted by id, in the same direction. */
export const userOrder = z.strictObject({
  field: z.enum(userOrderFields),
  direction: z.enum(['ASC', 'DESC']).nullish(),
  /** Where users without a value come; last by default. */
  nulls: z.enum(['FIRST', 'LAST']).nullish(),
});

export type UserOrder = z.input<typeof userOrder>;

/** Which users to read, in which order. */
export interface UserQuery {
  where?: UserFilter | null | undefined;
  /** Newest first by default. */
  orderBy?: UserOrder | null | undefined;
}

function sortOf(order: UserOrder | null | undefined): Sort {
  if (!order) return { direction: 'desc' };
  const key: SortKey = sortKeys[order.field];
  return {
    direction: order.direction === 'DESC' ? 'desc' : 'asc',
    key: key.nulls ? { ...key, nulls: order.nulls === 'FIRST' ? 'first' : 'last' } : key,
  };
}

/** The users of a workspace that pass a filter. @param now the instant that `within` and `before` refer to. */
export async function matchingUsers(
  db: ReadDb,
  workspaceId: string,
  { where, orderBy }: UserQuery,
  now: Date,
): Promise<OrderedSource<User>> {
  const condition = toCondition(where ?? {});
  const isAboutEvents = condition.dependencies().some(({ kind }) => kind === 'events');
  const eventNames = isAboutEvents ? await readEventNames(db, workspaceId) : undefined;
  const scope: SqlScope = { workspaceId, now, eventNames };
  const ofWorkspace = (sql: Prisma.Sql) => Prisma.sql`users.workspace_id = ${workspaceId}::uuid AND ${sql}`;
  return {
    workspaceId,
    table: Prisma.sql`users`,
    where: ofWorkspace(condition.sql(scope, false)),
    arms: (walk) =>
      (condition.alternatives ?? [condition]).map((alternative) =>
        ofWorkspace(alternative.sql({ ...scope, walk: { ...walk, isDriver: true } }, false)),
      ),
    isIndexed: condition.access === 'index',
    id: Prisma.sql`users.id`,
    sort: sortOf(orderBy),
    columns: userColumns,
  };
}

/** A query as text, which is the same for the same query, whatever the order of its fields. */
export function canonicalJson(query: UserQuery): string {
  return JSON.stringify(query, (_key, value: unknown) =>
    isJsonObject(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, part]) => part != null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : value,
  );
}
