import { Prisma } from '../../../db/generated/client.ts';
import { type Comparison, instantComparisons, sqlTimestamp } from './comparisons.ts';
import { type Condition, type Dependency, hasRows, type UserFacts } from './condition.ts';
import type { DeviceCondition, ListCondition, SegmentCondition, UserFilter } from './input.ts';
import { ordered } from './instants.ts';
import { not } from './logic.ts';

/** A condition on a row that belongs to a user: a device or a membership. */
interface RowTest<Row> {
  /** False or NULL if the row does not pass. */
  sql(now: Date): Prisma.Sql;
  passes(row: Row, now: number): boolean;
  phrase: string;
  isTimed: boolean;
  /** Whether an index finds the rows that pass. */
  isIndexed?: boolean;
}

/** The rows of a table that belong to a user. */
interface Relation<Row> {
  /** The table, whose columns `workspace_id` and `user_id` name the user. */
  table: Prisma.Sql;
  rowsOf(user: UserFacts): readonly Row[];
  /** What the user has, such as `a device`. */
  phrase: string;
}

/** Holds if a user has a row that passes all tests. */
function some<Row>(relation: Relation<Row>, tests: readonly RowTest<Row>[], dependency: Dependency): Condition {
  const { table, rowsOf, phrase } = relation;
  return {
    sql: (scope, isNegated) => {
      const { workspaceId, now } = scope;
      const rows = Prisma.sql`FROM ${table} WHERE ${table}.workspace_id = ${workspaceId}::uuid AND ${table}.user_id = users.id
        ${Prisma.join([Prisma.empty, ...tests.map((test) => test.sql(now))], ' AND ')}`;
      return hasRows(scope, isNegated, rows, Prisma.sql`${table}.user_id`);
    },
    access: tests.some((test) => test.isIndexed) ? 'index' : 'scan',
    holds: (user, now) => rowsOf(user).some((row) => tests.every((test) => test.passes(row, now))),
    phrase: () => [`has ${phrase}`, tests.map((test) => test.phrase).join(' and ')].filter(Boolean).join(' '),
    dependencies: () => [dependency, ...(tests.some(({ isTimed }) => isTimed) ? [{ kind: 'time' } as const] : [])],
  };
}

const equals = <Row, Name extends keyof Row>(
  column: Prisma.Sql,
  name: Name,
  expected: Row[Name] & (string | boolean),
  phrase: string,
): RowTest<Row> => ({
  sql: () => Prisma.sql`${column} = ${expected}`,
  passes: (row) => row[name] === expected,
  phrase,
  isTimed: false,
});

/** Tests on the instant of a row. */
const instantTests = <Row>(
  comparisons: readonly Comparison<string, ReturnType<typeof sqlTimestamp>>[],
  name: string,
  column: Prisma.Sql,
  of: (row: Row) => string,
): RowTest<Row>[] =>
  comparisons.map(({ sql, holds, phrase, isTimed }) => ({
    sql: (now) => sql(sqlTimestamp(column), now),
    passes: (row, now) => holds(ordered(of(row)), now),
    phrase: `${name} ${phrase}`,
    isTimed,
  }));

type DeviceRow = UserFacts['devices'][number];

const devices: Relation<DeviceRow> = {
  table: Prisma.sql`devices`,
  rowsOf: (user) => user.devices,
  phrase: 'a device',
};

/** Responses have milliseconds; the column has microseconds. */
const lastSeenAt = Prisma.sql`date_trunc('milliseconds', devices.last_seen_at)`;

function deviceTests({ platform, lastSeenAt: seen }: DeviceCondition): RowTest<DeviceRow>[] {
  return [
    ...(platform == null
      ? []
      : [
          {
            ...equals<DeviceRow, 'platform'>(Prisma.sql`devices.platform`, 'platform', platform, `for ${platform}`),
            sql: () => Prisma.sql`devices.platform = ${platform}::device_platform`,
          },
        ]),
    ...instantTests<DeviceRow>(instantComparisons(seen ?? {}), 'last seen', lastSeenAt, (row) => row.lastSeenAt),
  ];
}

/** Rows whose id is one of some ids. */
const idIsOneOf = <Row>(
  ids: readonly string[] | null | undefined,
  column: Prisma.Sql,
  idOf: (row: Row) => string,
): RowTest<Row>[] =>
  ids == null
    ? []
    : [
        {
          sql: () =>
            ids.length === 1
              ? Prisma.sql`${column} = ${ids[0]}::uuid`
              : Prisma.sql`${column} = ANY(${[...new Set(ids)]}::uuid[])`,
          passes: (row) => ids.includes(idOf(row)),
          phrase: ids.length === 1 ? String(ids[0]) : `one of ${ids.join(', ')}`,
          isTimed: false,
          isIndexed: true,
        },
      ];

type ListRow = UserFacts['lists'][number];

const lists: Relation<ListRow> = {
  table: Prisma.sql`list_memberships`,
  rowsOf: (user) => user.lists,
  phrase: 'list',
};

function listTests({ listIds, subscribed, joinedAt }: ListCondition): RowTest<ListRow>[] {
  return [
    ...idIsOneOf<ListRow>(listIds, Prisma.sql`list_memberships.list_id`, (row) => row.listId),
    ...(subscribed == null
      ? []
      : [
          equals<ListRow, 'subscribed'>(
            Prisma.sql`list_memberships.subscribed`,
            'subscribed',
            subscribed,
            subscribed ? 'subscribed' : 'unsubscribed',
          ),
        ]),
    ...instantTests<ListRow>(
      instantComparisons(joinedAt ?? {}),
      'joined',
      Prisma.sql`list_memberships.joined_at`,
      (row) => row.joinedAt,
    ),
  ];
}

type SegmentRow = UserFacts['segments'][number];

const segments: Relation<SegmentRow> = {
  table: Prisma.sql`segment_memberships`,
  rowsOf: (user) => user.segments,
  phrase: 'segment',
};

function segmentTests({ segmentIds, suppressed }: SegmentCondition): RowTest<SegmentRow>[] {
  return [
    ...idIsOneOf<SegmentRow>(segmentIds, Prisma.sql`segment_memberships.segment_id`, (row) => row.segmentId),
    ...(suppressed == null
      ? []
      : [
          equals<SegmentRow, 'suppressed'>(
            Prisma.sql`segment_memberships.suppressed`,
            'suppressed',
            suppressed,
            suppressed ? 'suppressed' : 'not suppressed',
          ),
        ]),
  ];
}

/** The conditions on the devices and memberships of a user. */
export function relatedConditions(filter: UserFilter): Condition[] {
  const conditions = <Input>(
    { some: one, none }: { some?: Input | null | undefined; none?: Input | null | undefined },
    toCondition: (input: Input) => Condition,
  ) => [...(one == null ? [] : [toCondition(one)]), ...(none == null ? [] : [not(toCondition(none))])];
  return [
    ...conditions(filter.devices ?? {}, (input) => some(devices, deviceTests(input), { kind: 'devices' })),
    ...conditions(filter.lists ?? {}, (input) =>
      some(lists, listTests(input), { kind: 'lists', ids: input.listIds ?? undefined }),
    ),
    ...conditions(filter.segments ?? {}, (input) =>
      some(segments, segmentTests(input), { kind: 'segments', ids: input.segmentIds ?? undefined }),
    ),
  ];
}
