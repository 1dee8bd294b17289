import { z } from 'zod';
import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Columns } from '../../db/reading/columns.ts';
import type { Page, PageOfRows, Position } from '../../db/reading/keyset.ts';
import {
  type Conditions,
  isPositionIn,
  type OrderedSource,
  readOrderedPage,
  type SideTable,
  type Sort,
  type SortKey,
} from '../../db/reading/ordered.ts';
import { readEventNames } from '../events/event.ts';
import { sqlText } from '../filter/texts.ts';
import { isJsonObject } from '../shared/attributes.ts';
import { LimitExceededError } from '../shared/errors.ts';
import type { Scope } from '../shared/scopes.ts';
import type { Condition, SqlScope } from './filter/condition.ts';
import { toCondition } from './filter/filter.ts';
import type { UserFilter } from './filter/input.ts';
import { all } from './filter/logic.ts';
import { type Search, searchWords, toSearch } from './search.ts';
import { type User, userColumns } from './user.ts';

const foldedSql = (column: Prisma.Sql) => sqlText(column).folded;

/** The time of a user's last event. */
const lastEventAt = (workspaceId: string): SortKey => ({
  value: Prisma.sql`user_activity.last_event_at`,
  type: 'timestamptz',
  nulls: 'last',
  from: {
    table: Prisma.sql`user_activity`,
    where: Prisma.sql`user_activity.workspace_id = ${workspaceId}::uuid`,
    rowId: Prisma.sql`user_activity.user_id`,
  },
});

/** What users can be sorted by. `nulls` is set where a user can lack the value. */
const sortKeys = {
  CREATED_AT: { value: Prisma.sql`users.created_at`, type: 'timestamptz' },
  UPDATED_AT: { value: Prisma.sql`users.updated_at`, type: 'timestamptz' },
  UID: { value: foldedSql(Prisma.sql`users.uid`), type: 'text' },
  EMAIL: { value: foldedSql(Prisma.sql`users.email`), type: 'text', nulls: 'last' },
  FIRST_NAME: { value: foldedSql(Prisma.sql`users.first_name`), type: 'text', nulls: 'last' },
  LAST_NAME: { value: foldedSql(Prisma.sql`users.last_name`), type: 'text', nulls: 'last' },
  LAST_EVENT_AT: lastEventAt,
} as const satisfies Record<string, SortKey | ((workspaceId: string) => SortKey)>;

/** The names of the fields by which users can be sorted. */
export const userOrderFields = Object.keys(sortKeys) as [keyof typeof sortKeys];

/** The scopes that orders require in addition to `users:read`: an order reveals what it compares. */
export const orderScopes = { LAST_EVENT_AT: 'events:read' } as const;

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

/** The scope that an order requires in addition to `users:read`, if any. */
export function scopeOfOrder({ field }: UserOrder): Scope | undefined {
  return field in orderScopes ? orderScopes[field as keyof typeof orderScopes] : undefined;
}

/** Which users to read, in which order. */
export interface UserQuery {
  where?: UserFilter | null | undefined;
  /** Newest first by default; with a search, users who have all of its words as whole words come first. */
  orderBy?: UserOrder | null | undefined;
  /** What the words of the users begin with. */
  search?: string | null | undefined;
}

function sortOf(workspaceId: string, { orderBy: order, search }: UserQuery): Sort {
  if (!order) {
    const found = toSearch(search);
    if (!found) return { direction: 'desc' };
    return { direction: 'desc', isFirst: (isNegated) => found.isExact(workspaceId, isNegated) };
  }
  const sortKey = sortKeys[order.field];
  const key: SortKey = typeof sortKey === 'function' ? sortKey(workspaceId) : sortKey;
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
  membership?: SideTable;
  columns: Columns<Member>;
}

/** The members of a list or segment that pass a filter. @param now as for `matchingUsers`. */
export function matchingMembers<Member extends User>(
  workspaceId: string,
  query: UserQuery,
  now: Date,
  { membership, columns }: Members<Member>,
): OrderedSource<Member> {
  const search = toSearch(query.search);
  const filter = toCondition(query.where ?? {});
  const condition = search ? all([search.condition, filter]) : filter;
  let conditions: Promise<Conditions> | undefined;
  return {
    workspaceId,
    table: Prisma.sql`users`,
    // The page and the count of a connection share them.
    conditions: (db) => {
      conditions ??= compile(db, { condition, filter, search }, { workspaceId, now });
      return conditions;
    },
    id: Prisma.sql`users.id`,
    sort: sortOf(workspaceId, query),
    membership,
    columns,
    timeoutError: (timeoutMs) => tooSlow(condition, timeoutMs),
  };
}

/** The conditions of a query. */
interface Conditioned {
  /** All of them. */
  condition: Condition;
  /** Those of the filter. */
  filter: Condition;
  search: Search | undefined;
}

/** Compiles the conditions of a query, with the names of the workspace's events if they are about events. */
async function compile(
  db: ReadDb,
  { condition, filter, search }: Conditioned,
  { workspaceId, now }: Pick<SqlScope, 'workspaceId' | 'now'>,
): Promise<Conditions> {
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
    ...(search
      ? {
          probe: (walk) =>
            Prisma.sql`SELECT users.id ${search.nextUsers(workspaceId, walk)} AND ${filter.sql(scope, false)}`,
        }
      : {}),
  };
}

/** Whether a position can be one of a user in an order. */
export function isPositionOfUser(workspaceId: string, query: UserQuery, position: Position): boolean {
  return isPositionIn(sortOf(workspaceId, query), position);
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

/** A query as text, which is the same for the same query, whatever the order of its fields and the spelling of the search. */
export function canonicalUserQuery({ search, ...query }: UserQuery): string {
  const words = searchWords(search ?? '');
  return JSON.stringify({ ...query, search: words.length > 0 ? words : null }, (_key, value: unknown) =>
    isJsonObject(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, part]) => part != null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : value,
  );
}
