import { Prisma } from '../../generated/client.ts';
import type { Position } from '../keyset.ts';
import { allGroups, type Group, groupOf, joinTo, type SortKey } from './sort.ts';
import type { PreparedSource, RareMatches, Walk } from './source.ts';

/** A range of the rows, in the order of the source or against it. */
export interface RowRange {
  isBackward: boolean;
  /** Where it starts; undefined: at the first row. */
  from?: RangeBound | undefined;
  /** Where it ends, if the limit is not reached before; undefined: at the last row. */
  to?: RangeBound | undefined;
  limit: number;
}

interface RangeBound {
  position: Position;
  isInclusive: boolean;
}

/**
 * How PostgreSQL plans a range: to find the first rows soon, or to find all rows soon and sort them. The former takes long if rows
 * are where the planner does not expect them: if those with a frequent value are the oldest, it reads nearly all rows to find some.
 */
export type Goal = 'first rows' | 'all rows';

/** The ORDER BY list of a page, which has few rows. */
export function orderOf(
  { sort: { key, isFirst, direction }, table, id }: PreparedSource,
  isBackward: boolean,
): Prisma.Sql {
  const order = Prisma.raw((direction === 'asc') === isBackward ? 'DESC' : 'ASC');
  if (isFirst) return Prisma.sql`${table}.sort_key ${Prisma.raw(isBackward ? 'DESC' : 'ASC')}, ${id} ${order}`;
  if (!key) return Prisma.sql`${id} ${order}`;
  const nulls = Prisma.raw((key.nulls === 'first') === isBackward ? 'LAST' : 'FIRST');
  return Prisma.sql`${table}.sort_key ${order} NULLS ${nulls}, ${id} ${order}`;
}

/** SQL of the rows of a range. */
export function rowsOf(source: PreparedSource, range: RowRange, goal: Goal): Prisma.Sql {
  const groups = groupsOf(source, range);
  const [only] = groups;
  if (only && groups.length === 1) return rowsOfGroup(source, range, goal, only);
  // An Append runs its parts in order, and stops as soon as the LIMIT is reached.
  const parts = groups.map((group) => Prisma.sql`(${rowsOfGroup(source, range, goal, group)})`);
  return Prisma.sql`SELECT * FROM (${Prisma.join(parts, ' UNION ALL ')}) AS groups LIMIT ${range.limit}::int`;
}

/** The groups that a range reads, in order. */
function groupsOf({ sort, id }: PreparedSource, { isBackward, from, to }: RowRange): Group[] {
  const inOrder = allGroups(sort, id);
  const groups = isBackward ? inOrder.reverse() : inOrder;
  const placeOf = ({ position }: RangeBound) => groups.findIndex(({ name }) => name === groupOf(sort, position));
  return groups.slice(from && placeOf(from), to && placeOf(to) + 1);
}

function rowsOfGroup(
  source: PreparedSource,
  { isBackward, from, to, limit }: RowRange,
  goal: Goal,
  { name, condition, value, key, from: valueTable }: Group,
): Prisma.Sql {
  const { table, where, arms, id, sort } = source;
  const isAscending = (sort.direction === 'asc') !== isBackward;
  const order = Prisma.raw(isAscending ? 'ASC' : 'DESC');
  const isInGroup = (each: RangeBound | undefined) => each && groupOf(sort, each.position) === name;
  const ends = { isAscending, from: isInGroup(from) ? from : undefined, to: isInGroup(to) ? to : undefined };
  // Of the table with the index.
  const keyId = valueTable?.rowId ?? id;
  const bound = between(ends, key, keyId);
  const within = (of: Prisma.Sql) => (key ? Prisma.empty : between(ends, undefined, of));
  const walk: Walk = { isAscending, within, group: name };
  const armsOfGroup = arms
    ? arms(walk).map(
        (arm) => Prisma.sql`${arm} ${isMember(source)} ${sort.isFirst ? Prisma.empty : condition} ${bound}`,
      )
    : [Prisma.sql`${where} ${isMember(source)} ${condition} ${bound}`];
  const joined = valueTable ? Prisma.sql`${table} ${joinTo(valueTable, id)}` : table;
  const sorted = (keySql: Prisma.Sql, idSql: Prisma.Sql) =>
    Prisma.sql`ORDER BY ${key ? Prisma.sql`${keySql} ${order},` : Prisma.empty} ${idSql} ${order} LIMIT ${limit}::int`;
  const select = (columns: Prisma.Sql, of: Prisma.Sql, how = goal) => {
    const rows = Prisma.sql`SELECT ${columns}, ${value} AS sort_key FROM ${joined} WHERE ${of}`;
    if (how === 'first rows') return Prisma.sql`${rows} ${sorted(value, keyId)}`;
    // The planner does not look into a subquery with OFFSET.
    return Prisma.sql`SELECT * FROM (${rows} OFFSET 0) AS ${table} ${sorted(Prisma.sql`${table}.sort_key`, id)}`;
  };
  const isProbed = source.probe !== undefined && !sort.key && goal === 'all rows';
  const [only] = armsOfGroup;
  if (only && armsOfGroup.length === 1 && !isProbed) return select(Prisma.sql`${table}.*`, only);
  const probe = isProbed ? Prisma.sql`${source.probe?.(walk)} ${isMember(source)} ${sorted(value, id)}` : undefined;
  const { afterProbe } = source;
  const allIds = (andIf: Prisma.Sql) =>
    afterProbe && isProbed
      ? [Prisma.sql`(${afterProbe(walk)} ${isMember(source)} ${andIf} ${sorted(value, id)})`]
      : armsOfGroup.map((arm) => Prisma.sql`SELECT arm.id FROM (${select(id, Prisma.sql`${arm} ${andIf}`)}) AS arm`);
  return rowsOfArms(source, { select, limit, probe, allIds });
}

/** SQL of the first rows of a source, or of the last ones, if only few match. @param andIf appended to the condition. */
export function rareRowsOf(
  { table, workspaceId, id, sort }: PreparedSource,
  { isBackward, limit }: RowRange,
  matches: RareMatches,
  andIf: Prisma.Sql,
): Prisma.Sql {
  const order = Prisma.raw((sort.direction === 'asc') === isBackward ? 'DESC' : 'ASC');
  return Prisma.sql`SELECT ${table}.*, CASE WHEN found.is_first THEN 'first' ELSE 'rest' END AS sort_key FROM (
      SELECT id, is_first FROM (${matches.all(andIf)}) AS matches
      ORDER BY is_first ${Prisma.raw(isBackward ? 'ASC' : 'DESC')}, id ${order} LIMIT ${limit}::int
    ) AS found CROSS JOIN LATERAL (
      SELECT * FROM ${table} WHERE ${table}.workspace_id = ${workspaceId}::uuid AND ${id} = found.id OFFSET 0
    ) AS ${table}`;
}

/** How the arms of a group are read. */
interface ArmReading {
  /** Statements that select the ids of the first rows of each arm. @param andIf appended to the condition of each. */
  allIds(andIf: Prisma.Sql): Prisma.Sql[];
  /** SQL that selects columns of the first rows that pass a condition. */
  select(columns: Prisma.Sql, condition: Prisma.Sql, how?: Goal): Prisma.Sql;
  limit: number;
  /** SQL of the ids that a probe finds. Only if they are too few, the arms are read. */
  probe: Prisma.Sql | undefined;
}

/** SQL of the first rows of several arms, each of which finds its own by an index. */
function rowsOfArms(
  { table, id, workspaceId }: PreparedSource,
  { select, limit, probe, allIds }: ArmReading,
): Prisma.Sql {
  const all = Prisma.sql`${table}.*`;
  const isOfWorkspace = Prisma.sql`${table}.workspace_id = ${workspaceId}::uuid`;
  const ids = allIds(probe ? Prisma.sql`AND (SELECT count(*) FROM probe) < ${limit}::int` : Prisma.empty);
  if (ids.length === 0) return select(all, Prisma.sql`${isOfWorkspace} AND false`);
  // The ids are few. Compared with IN, they would be joined with all rows where PostgreSQL expects one row of a workspace.
  if (!probe)
    return select(all, Prisma.sql`${isOfWorkspace} AND ${id} = ANY(ARRAY(${Prisma.join(ids, ' UNION ALL ')}))`);
  const found = Prisma.join([Prisma.sql`SELECT id FROM probe`, ...ids], ' UNION ALL ');
  const withProbe = Prisma.sql`WITH probe AS MATERIALIZED (SELECT id FROM (${probe}) AS probe) ${found}`;
  return select(all, Prisma.sql`${isOfWorkspace} AND ${id} = ANY(ARRAY(${withProbe}))`, 'first rows');
}

/** SQL that is appended to a condition: the row is one of a member, if the source is limited to members. */
export const isMember = ({ membership, id }: Pick<PreparedSource, 'membership' | 'id'>): Prisma.Sql =>
  membership
    ? Prisma.sql`AND EXISTS (SELECT FROM ${membership.table} WHERE ${membership.where} AND ${membership.rowId} = ${id})`
    : Prisma.empty;

/** SQL that is appended to a condition: a row is between the ends of a range. @param isAscending the order of the walk. */
function between(
  { from, to, isAscending }: Pick<RowRange, 'from' | 'to'> & { isAscending: boolean },
  key: SortKey | undefined,
  id: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`${from ? beyond(from, isAscending, key, id) : Prisma.empty} ${to ? beyond(to, !isAscending, key, id) : Prisma.empty}`;
}

function beyond(
  { position, isInclusive }: RangeBound,
  isAscending: boolean,
  key: SortKey | undefined,
  id: Prisma.Sql,
): Prisma.Sql {
  const operator = Prisma.raw(`${isAscending ? '>' : '<'}${isInclusive ? '=' : ''}`);
  if (!key || position.sortKey == null) return Prisma.sql`AND ${id} ${operator} ${position.id}::uuid`;
  return Prisma.sql`AND (${key.value}, ${id}) ${operator} (${sortValue(key, position)}, ${position.id}::uuid)`;
}

/** SQL of whether there is a row at a position. */
export function isAtPosition(source: PreparedSource, position: Position): Prisma.Sql {
  const { table, where, id, sort } = source;
  const group = allGroups(sort, id).find(({ name }) => name === groupOf(sort, position));
  if (!group) return Prisma.sql`false`;
  const { condition, key, from: valueTable } = group;
  const from = valueTable ? Prisma.sql`${table} ${joinTo(valueTable, id)}` : table;
  const hasKey = key ? Prisma.sql`AND ${key.value} = ${sortValue(key, position)}` : Prisma.empty;
  return Prisma.sql`EXISTS (
    SELECT FROM ${from} WHERE ${where} ${isMember(source)} ${condition} AND ${id} = ${position.id}::uuid ${hasKey})`;
}

const sortValue = ({ type }: SortKey, { sortKey }: Position) => Prisma.sql`${sortKey}::text::${Prisma.raw(type)}`;
