import { z } from 'zod';
import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { standardIndexes } from '../../db/indexes/catalogue.ts';
import type { Columns } from '../../db/reading/columns.ts';
import type { Page, PageOfRows, Position } from '../../db/reading/keyset.ts';
import {
  type Conditions,
  isPositionIn,
  type Membership,
  type OrderedSource,
  readOrderedPage,
  type Sort,
  type SortKey,
} from '../../db/reading/ordered.ts';
import { readEventNames } from '../events/event.ts';
import { sqlText } from '../filter/texts.ts';
import { isJsonObject } from '../shared/attributes.ts';
import { LimitExceededError } from '../shared/errors.ts';
import type { Condition, SqlScope } from './filter/condition.ts';
import { toCondition } from './filter/filter.ts';
import type { UserFilter } from './filter/input.ts';
import { type User, userColumns } from './user.ts';

const foldedSql = (column: Prisma.Sql) => sqlText(column).folded;

/** What users can be sorted by. `nulls` is set where a user can lack the value. */
const sortKeys = {
  CREATED_AT: { value: Prisma.sql`users.created_at`, type: 'timestamptz' },
  UPDATED_AT: { value: Prisma.sql`users.updated_at`, type: 'timestamptz' },
  UID: { value: foldedSql(Prisma.sql`users.uid`), type: 'text' },
  EMAIL: { value: foldedSql(Prisma.sql`users.email`), type: 'text', nulls: 'last' },
  FIRST_NAME: { value: foldedSql(Prisma.sql`users.first_name`), type: 'text', nulls: 'last' },
  LAST_NAME: { value: foldedSql(Prisma.sql`users.last_name`), type: 'text', nulls: 'last' },
} as const satisfies Record<string, SortKey>;

/** The names of the fields by which users can be sorted. */
export const userOrderFields = Object.keys(sortKeys) as [keyof typeof sortKeys];

/** The order of users. Users with the same value are sorted by id, in the same direction. */
export const userOrder = z
  .strictObject({
    field: z.enum(userOrderFields),
    direction: z.enum(['ASC', 'DESC']).nullish(),
    /** Where users without a value come; last by default. */
    nulls: z.enum(['FIRST', 'LAST']).nullish(),
  })
  .meta({
    id: 'UserOrder',
    description: 'The order of users. Users with the same value are sorted by id, in the same direction.',
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

/** Characters of a filter in words that a message contains. */
const MAX_PHRASE_LENGTH = 500;

/** The error of a filter that takes too long: it names the conditions, and what would help. */
function tooSlow(condition: Condition, timeoutMs: number): LimitExceededError {
  const phrase = condition.phrase();
  const shown = phrase.length > MAX_PHRASE_LENGTH ? `${phrase.slice(0, MAX_PHRASE_LENGTH)}…` : phrase;
  return new LimitExceededError(
    `The filter took longer than ${timeoutMs} ms: ${shown}. Add a condition that fewer users satisfy, such as an equality or a membership; give conditions on events a time window.`,
  );
}

/** The users of a workspace that pass a filter. @param now the instant that `within` and `before` refer to. */
export function matchingUsers(workspaceId: string, query: UserQuery, now: Date): OrderedSource<User> {
  return matchingMembers(workspaceId, query, now, { columns: userColumns });
}

/** A list or a segment of which users are members, and the columns of a member. */
interface Members<Member extends User> {
  membership?: Membership;
  columns: Columns<Member>;
}

/** The members of a list or segment that pass a filter. @param now as for `matchingUsers`. */
export function matchingMembers<Member extends User>(
  workspaceId: string,
  { where, orderBy }: UserQuery,
  now: Date,
  { membership, columns }: Members<Member>,
): OrderedSource<Member> {
  let conditions: Promise<Conditions> | undefined;
  return {
    workspaceId,
    table: Prisma.sql`users`,
    // The page and the count of a connection share them.
    conditions: (db) => {
      conditions ??= compile(db, where ?? {}, { workspaceId, now });
      return conditions;
    },
    id: Prisma.sql`users.id`,
    sort: sortOf(orderBy),
    membership,
    columns,
    timeoutError: (timeoutMs) => tooSlow(toCondition(where ?? {}), timeoutMs),
  };
}

/** Compiles a filter for the indexes of the database, with the names of the workspace's events if it is about events. */
async function compile(
  db: ReadDb,
  filter: UserFilter,
  { workspaceId, now }: Pick<SqlScope, 'workspaceId' | 'now'>,
): Promise<Conditions> {
  const condition = toCondition(filter, { indexes: db.indexes ?? standardIndexes });
  const isAboutEvents = condition.dependencies().some(({ kind }) => kind === 'events');
  const scope: SqlScope = {
    workspaceId,
    now,
    eventNames: isAboutEvents ? await readEventNames(db, workspaceId) : undefined,
  };
  const ofWorkspace = (sql: Prisma.Sql) => Prisma.sql`users.workspace_id = ${workspaceId}::uuid AND ${sql}`;
  return {
    where: ofWorkspace(condition.sql(scope, false)),
    arms: (walk) =>
      (condition.alternatives ?? [condition]).map((alternative) =>
        ofWorkspace(alternative.sql({ ...scope, walk: { ...walk, isDriver: true } }, false)),
      ),
    isIndexed: condition.access === 'index',
  };
}

/** Whether a position can be one of a user in an order. */
export function isPositionOfUser({ orderBy }: UserQuery, position: Position): boolean {
  return isPositionIn(sortOf(orderBy), position);
}

/** Reads a page of the users that match a query. */
export function readMatchingUsers(
  db: ReadDb,
  workspaceId: string,
  query: UserQuery,
  page: Page,
): Promise<PageOfRows<User>> {
  return readOrderedPage(db, matchingUsers(workspaceId, query, new Date()), page);
}

/** A query as text, which is the same for the same query, whatever the order of its fields. */
export function canonicalUserQuery(query: UserQuery): string {
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
