import { Prisma } from '../../../db/generated/client.ts';
import { anyPasses, constant } from '../../filter/evaluation.ts';
import { instantComparisons, sqlTimestamp } from '../../filter/instants.ts';
import { type RowTest, testIfSet, testsOfPart, withDetails } from '../../filter/row-tests.ts';
import { currentDefinition } from '../../segments/segment.ts';
import { type Condition, type Dependency, hasRows, timeOf, type UserFacts, type Wording } from './condition.ts';
import type { DeviceCondition, ListCondition, SegmentCondition, UserFilter } from './input.ts';
import { not } from './logic.ts';
import { describeDevice, describeList, describeSegment } from './wording.ts';

/** The rows of a table that belong to a user. */
interface Relation<Row> {
  /** The table, whose columns `workspace_id` and `user_id` name the user. */
  table: Prisma.Sql;
  rowsOf(user: UserFacts): readonly Row[];
}

/** A condition on a relation. */
interface RelatedCondition<Row> {
  tests: readonly RowTest<Row>[];
  dependency: Dependency;
  /** Describes that the user has such a row; the phrases of tests are appended. */
  describe(wording: Wording): string;
}

/** Holds if a user has a row that passes all tests. */
function some<Row>(
  { table, rowsOf }: Relation<Row>,
  { tests, dependency, describe }: RelatedCondition<Row>,
): Condition {
  return {
    sql: (scope, isNegated) => {
      const rows = Prisma.sql`FROM ${table} WHERE ${table}.workspace_id = ${scope.workspaceId}::uuid AND ${table}.user_id = users.id
        ${Prisma.join([Prisma.empty, ...tests.map((test) => test.sql(scope))], ' AND ')}`;
      return hasRows(scope, isNegated, rows, Prisma.sql`${table}.user_id`);
    },
    access: tests.some((test) => test.isIndexed) ? 'index' : 'scan',
    evaluate: (user, now) => anyPasses(rowsOf(user), tests, now),
    phrase: (wording = {}) => withDetails(describe(wording), tests),
    dependencies: () => [dependency, ...timeOf(tests)],
  };
}

type DeviceRow = UserFacts['devices'][number];

const devices: Relation<DeviceRow> = {
  table: Prisma.sql`devices`,
  rowsOf: (user) => user.devices,
};

/** Responses have milliseconds; the column has microseconds. */
const lastSeenAt = Prisma.sql`date_trunc('milliseconds', devices.last_seen_at)`;

function deviceTests({ platform, lastSeenAt: seen }: DeviceCondition): RowTest<DeviceRow>[] {
  return [
    ...testIfSet(platform, (expected) => ({
      sql: () => Prisma.sql`devices.platform = ${expected}::device_platform`,
      evaluate: (device: DeviceRow) => constant(device.platform === expected),
    })),
    ...testsOfPart(instantComparisons(seen ?? {}), {
      name: 'last activity',
      sql: sqlTimestamp(lastSeenAt),
      of: (device: DeviceRow) => Date.parse(device.lastSeenAt),
    }),
  ];
}

/** The test that the id of a row is one of some ids, which an index serves. */
const idTest = <Row>(ids: readonly string[], column: Prisma.Sql, idOf: (row: Row) => string): RowTest<Row> => ({
  sql: () =>
    ids.length === 1
      ? Prisma.sql`${column} = ${ids[0]}::uuid`
      : Prisma.sql`${column} = ANY(${[...new Set(ids)]}::uuid[])`,
  evaluate: (row) => constant(ids.includes(idOf(row))),
  isIndexed: true,
});

type ListRow = UserFacts['lists'][number];

const lists: Relation<ListRow> = {
  table: Prisma.sql`list_memberships`,
  rowsOf: (user) => user.lists,
};

function listTests({ listIds, subscribed, joinedAt }: ListCondition): RowTest<ListRow>[] {
  return [
    ...testIfSet(listIds, (ids) =>
      idTest(ids, Prisma.sql`list_memberships.list_id`, (membership: ListRow) => membership.listId),
    ),
    ...testIfSet(subscribed, (expected) => ({
      sql: () => Prisma.sql`list_memberships.subscribed = ${expected}::boolean`,
      evaluate: (membership: ListRow) => constant(membership.subscribed === expected),
    })),
    ...testsOfPart(instantComparisons(joinedAt ?? {}), {
      name: 'date of joining',
      sql: sqlTimestamp(Prisma.sql`list_memberships.joined_at`),
      of: (membership: ListRow) => Date.parse(membership.joinedAt),
    }),
  ];
}

type SegmentRow = UserFacts['segments'][number];

const segments: Relation<SegmentRow> = {
  table: Prisma.sql`segment_memberships`,
  rowsOf: (user) => user.segments,
};

/**
 * Tests that a membership belongs to the current definition of any segment. In memory, all memberships in `UserFacts`
 * do.
 */
const isCurrent: RowTest<SegmentRow> = {
  sql: ({ workspaceId }) =>
    Prisma.sql`segment_memberships.definition_id = ${currentDefinition(workspaceId, Prisma.sql`segment_memberships.segment_id`)}`,
  evaluate: () => constant(true),
};

/**
 * Tests that a membership belongs to the current definition of one of the segments, by definition id, which is the key
 * of the index.
 */
const segmentTest = (ids: readonly string[]): RowTest<SegmentRow> => ({
  ...idTest(ids, Prisma.empty, (membership) => membership.segmentId),
  sql: ({ workspaceId }) => {
    const [id, ...others] = new Set(ids);
    if (id !== undefined && others.length === 0) {
      return Prisma.sql`segment_memberships.definition_id = ${currentDefinition(workspaceId, Prisma.sql`${id}::uuid`)}`;
    }
    return Prisma.sql`segment_memberships.definition_id = ANY(ARRAY(
      SELECT definition_id FROM segments WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${[...new Set(ids)]}::uuid[])))`;
  },
});

function segmentTests({ segmentIds, suppressed }: SegmentCondition): RowTest<SegmentRow>[] {
  return [
    segmentIds == null ? isCurrent : segmentTest(segmentIds),
    ...testIfSet(suppressed, (expected) => ({
      sql: () => Prisma.sql`segment_memberships.suppressed = ${expected}::boolean`,
      evaluate: (membership: SegmentRow) => constant(membership.suppressed === expected),
      ...(expected ? {} : { phrase: 'not suppressed' }),
    })),
  ];
}

/** The conditions on the devices and memberships of a user. */
export function relatedConditions(filter: UserFilter): Condition[] {
  const conditions = <Input>(
    { some: one, none }: { some?: Input | null | undefined; none?: Input | null | undefined },
    toCondition: (input: Input) => Condition,
  ) => [...(one == null ? [] : [toCondition(one)]), ...(none == null ? [] : [not(toCondition(none))])];
  return [
    ...conditions(filter.devices ?? {}, (input) =>
      some(devices, {
        tests: deviceTests(input),
        dependency: { kind: 'devices' },
        describe: (wording) => describeDevice(input, wording),
      }),
    ),
    ...conditions(filter.lists ?? {}, (input) =>
      some(lists, {
        tests: listTests(input),
        dependency: { kind: 'lists', ids: input.listIds ?? undefined },
        describe: (wording) => describeList(input, wording),
      }),
    ),
    ...conditions(filter.segments ?? {}, (input) =>
      some(segments, {
        tests: segmentTests(input),
        dependency: { kind: 'segments', ids: input.segmentIds ?? undefined },
        describe: (wording) => describeSegment(input, wording),
      }),
    ),
  ];
}
