import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { standardIndexes } from '../../db/indexes/catalogue.ts';
import type { Columns } from '../../db/reading/columns.ts';
import type { Page, PageOfRows, Position } from '../../db/reading/keyset.ts';
import { readOrderedPage } from '../../db/reading/ordered/page.ts';
import { isPositionIn, type SideTable, type Sort } from '../../db/reading/ordered/sort.ts';
import type { Conditions, OrderedSource, Walk } from '../../db/reading/ordered/source.ts';
import { readDeclarations } from '../attributes/declared.ts';
import { type RangeRequest, readStoredRanges } from '../attributes/stored-ranges.ts';
import { readEventNames } from '../events/event.ts';
import type { AttributeFilter } from '../filter/input.ts';
import type { StoredTest } from '../filter/stored-values.ts';
import { canonicalJson } from '../shared/canonical-json.ts';
import { LimitExceededError } from '../shared/errors.ts';
import { adviceOn } from './filter/advice.ts';
import type { Condition, SqlScope } from './filter/condition.ts';
import { toCondition } from './filter/filter.ts';
import type { UserFilter } from './filter/input.ts';
import { all } from './filter/logic.ts';
import { sortByAttribute, sortOf, type UserOrder } from './order.ts';
import { parseSearch, searchWords } from './search.ts';
import { type User, userColumns } from './user.ts';

/** Which users to read, in which order. */
export interface UserQuery {
  where?: UserFilter | null | undefined;
  /** Newest first by default; with a search, users who have all of its words as whole words come first. */
  orderBy?: UserOrder | null | undefined;
  /** What the words of the users begin with. */
  search?: string | null | undefined;
}

function sortOfQuery(workspaceId: string, { orderBy, search }: UserQuery): Sort {
  const found = orderBy ? undefined : parseSearch(search);
  if (!found) return sortOf(workspaceId, orderBy);
  return { direction: 'desc', isFirst: (isNegated) => found.isExact(workspaceId, isNegated) };
}

/** Characters of a filter in words that a message contains. */
const MAX_PHRASE_LENGTH = 500;

/** Advice that a message contains. */
const MAX_ADVICE = 5;

/** The error of a query that takes too long: it names the conditions and the order, and what would help. */
function tooSlow({ where, search, orderBy }: UserQuery, timeoutMs: number): LimitExceededError {
  const conditions = [parseSearch(search)?.condition, where && toCondition(where)].filter((each) => each != null);
  const order = orderBy ? [`sorted by ${orderBy.field ?? JSON.stringify(orderBy.attribute?.key)}`] : [];
  const phrase = [all(conditions).phrase(), ...order].join(', ');
  const shown = phrase.length > MAX_PHRASE_LENGTH ? `${phrase.slice(0, MAX_PHRASE_LENGTH)}…` : phrase;
  const advice = [
    'add a condition that fewer users satisfy, such as an equality or a membership',
    ...(orderBy?.field === 'UPDATED_AT'
      ? ['let the operator of the gateway create the optional index updated-at']
      : []),
    ...adviceOn(where ?? {}),
  ];
  return new LimitExceededError(
    `The filter took longer than ${timeoutMs} ms: ${shown}. What helps: ${advice.slice(0, MAX_ADVICE).join('; ')}.`,
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
  let conditions: Promise<Conditions> | undefined;
  return {
    workspaceId,
    table: Prisma.sql`users`,
    // The page and the count of a connection share them.
    conditions: (db) => {
      conditions ??= compile(db, query, { workspaceId, now });
      return conditions;
    },
    id: Prisma.sql`users.id`,
    sort: sortOfQuery(workspaceId, query),
    membership,
    columns,
    timeoutError: (timeoutMs) => tooSlow(query, timeoutMs),
  };
}

/**
 * Compiles a query, with the names of the workspace's events if the filter is about events, and with the declared attributes if they
 * can serve it. Both are read each time: a declaration that was withdrawn must not be used.
 * @throws {ValidationError} if users cannot be sorted by the attribute of the order.
 */
async function compile(
  db: ReadDb,
  { where, orderBy, search: text }: UserQuery,
  { workspaceId, now }: Pick<SqlScope, 'workspaceId' | 'now'>,
): Promise<Conditions> {
  const filter = await withStoredRanges(db, where ?? {}, { workspaceId, now });
  const search = parseSearch(text);
  const condition = search ? all([search.condition, filter]) : filter;
  const declarations = orderBy?.attribute ? await readDeclarations(db, workspaceId) : [];
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
    ...(orderBy?.attribute ? { sort: sortByAttribute(workspaceId, orderBy, orderBy.attribute, declarations) } : {}),
    ...(search
      ? {
          probe: (walk) =>
            Prisma.sql`SELECT users.id ${search.users(workspaceId, walk, 'next')} AND ${filter.sql(scope, false)}`,
          // With a filter, PostgreSQL chooses by which condition it finds the users.
          ...(Object.values(where ?? {}).some((each) => each != null)
            ? {}
            : {
                afterProbe: (walk: Walk) => Prisma.sql`SELECT users.id ${search.users(workspaceId, walk, 'all')}`,
                rareMatches: search.rareMatches(workspaceId),
              }),
        }
      : {}),
  };
}

/** Converts a filter to a condition, with the ranges of declared attributes by which users can be found. */
async function withStoredRanges(
  db: ReadDb,
  filter: UserFilter,
  { workspaceId, now }: Pick<SqlScope, 'workspaceId' | 'now'>,
): Promise<Condition> {
  const requests: (RangeRequest & { filter: AttributeFilter })[] = [];
  const indexes = db.indexes ?? standardIndexes;
  const request = (attributeFilter: AttributeFilter, { type, sql }: StoredTest) => {
    requests.push({ filter: attributeFilter, key: attributeFilter.key, type, condition: sql(now) });
    return undefined;
  };
  const condition = toCondition(filter, { indexes, findRange: request });
  if (requests.length === 0) return condition;
  const ranges = await readStoredRanges(db, workspaceId, requests);
  const findRange = (attributeFilter: AttributeFilter, { type }: StoredTest) =>
    ranges.get(requests.findIndex((request) => request.filter === attributeFilter && request.type === type));
  return ranges.size === 0 ? condition : toCondition(filter, { indexes, findRange });
}

/**
 * SQL of whether a row of `users` passes a filter, for users who are read by their ids.
 * @param now as for `matchingUsers`.
 */
export async function userCondition(
  db: ReadDb,
  workspaceId: string,
  where: UserFilter,
  now: Date,
): Promise<Prisma.Sql> {
  const condition = toCondition(where);
  const isAboutEvents = condition.dependencies().some(({ kind }) => kind === 'events');
  const eventNames = isAboutEvents ? await readEventNames(db, workspaceId) : undefined;
  return condition.sql({ workspaceId, now, eventNames }, false);
}

/** Whether a position can be one of a user in an order. */
export function isPositionOfUser(workspaceId: string, query: UserQuery, position: Position): boolean {
  return isPositionIn(sortOfQuery(workspaceId, query), position);
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
  return canonicalJson({ ...query, search: words.length > 0 ? words : null });
}
