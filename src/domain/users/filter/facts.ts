import type { ReadDb } from '../../../db/client.ts';
import { Prisma } from '../../../db/generated/client.ts';
import type { FieldSet } from '../../../db/reading/columns.ts';
import { arrayParameter } from '../../../db/sql.ts';
import type { DevicePlatform } from '../../devices/device.ts';
import type { EventFacts } from '../../events/filter.ts';
import { allHold } from '../../filter/evaluation.ts';
import type { Attributes, AttributeValue } from '../../shared/attributes.ts';
import { type User, userColumns } from '../user.ts';
import type { Condition, Dependency, EventCount, UserFacts } from './condition.ts';
import { readDecisiveEvents, toTimestamp } from './decisive-events.ts';

/** The data of users that some conditions refer to. */
export interface FactNeeds {
  /** The fields of the user that are read. */
  readonly fields: FieldSet;
  readonly devices: boolean;
  /** The memberships that are read: in some lists or segments, in all, or none. */
  readonly lists: readonly string[] | 'all' | undefined;
  readonly segments: readonly string[] | 'all' | undefined;
  readonly eventCounts: readonly EventCount[];
}

/** The data on which some conditions depend. */
export function needsOf(conditions: readonly Condition[]): FactNeeds {
  const dependencies = conditions.flatMap((condition) => condition.dependencies());
  const fields = dependencies.flatMap((each) =>
    each.kind === 'field' ? [each.field] : each.kind === 'attribute' ? ['meta'] : [],
  );
  return {
    fields: new Set(fields),
    devices: dependencies.some(({ kind }) => kind === 'devices'),
    lists: membershipsOf(dependencies, 'lists'),
    segments: membershipsOf(dependencies, 'segments'),
    eventCounts: conditions.flatMap((condition) => condition.eventCounts?.() ?? []),
  };
}

function membershipsOf(dependencies: readonly Dependency[], kind: 'lists' | 'segments'): FactNeeds['lists'] {
  const ofKind = dependencies.flatMap((each) => (each.kind === kind ? [each] : []));
  if (ofKind.length === 0) return undefined;
  const ids = ofKind.flatMap((each) => each.ids ?? []);
  return ofKind.every((each) => each.ids) ? [...new Set(ids)] : 'all';
}

/** The most events of a user that are read before it is known which decide. Most users have fewer in the time that matters. */
const MAX_RECENT_EVENTS = 200;

/** What the conditions of a batch of users are evaluated with. */
export interface ReadFacts {
  /** The database's clock when the users were read, in whole ms. */
  now: Date;
  /** By id. Users who do not exist are missing. */
  users: ReadonlyMap<string, UserFacts>;
}

/**
 * Reads what some conditions depend on, for a batch of users: up to 1,000 users and 100 conditions. The evaluation of these conditions
 * at `now` yields the same as with all data of the users.
 *
 * One statement reads the users, and the newest events of each in the time that matters. Only for users with more events than that,
 * further statements read those that decide, if the newest do not. They see later states than the first one.
 * @param needs those of the conditions. Other fields of the users are missing; other devices, memberships and events can be.
 * @param options `now`: the instant of the evaluation; the database's clock if omitted.
 */
export async function readUserFacts(
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
  needs: FactNeeds,
  options: { now?: Date } = {},
): Promise<ReadFacts> {
  const [row] = await db.query<[FactRow]>(selectFacts(workspaceId, userIds, needs, options.now));
  const { now, devices, lists, segments, events, ...columns } = row;
  const users = new Map<string, UserFacts>();
  const undecided: string[] = [];
  for (const [place, user] of userColumns.rows(columns).entries()) {
    const recent = events?.[place];
    const facts = {
      user,
      devices: toRows(devices?.[place], ([platform, seen]) => ({ platform, lastSeenAt: toInstant(seen) })),
      lists: toRows(lists?.[place], ([listId, subscribed, joined]) => ({
        listId,
        subscribed,
        joinedAt: toInstant(joined),
      })),
      segments: toRows(segments?.[place], ([segmentId, suppressed]) => ({ segmentId, suppressed })),
      events: toEvents(recent),
    };
    users.set(user.id, facts);
    const hasOlder = recent !== undefined && recent[0] === MAX_RECENT_EVENTS;
    if (hasOlder && !needs.eventCounts.every((each) => isDecided(each, facts.events, now))) undecided.push(user.id);
  }
  const clock = new Date(now);
  if (undecided.length === 0) return { now: clock, users };
  const decisive = await readDecisiveEvents(db, { workspaceId, now: clock }, undecided, needs.eventCounts);
  for (const id of undecided) {
    const facts = users.get(id);
    if (facts) users.set(id, { ...facts, events: decisive.get(id) ?? [] });
  }
  return { now: clock, users };
}

/** The row of `selectFacts`: an array for each column, with an element for each user. */
interface FactRow extends Record<keyof User, unknown[] | null> {
  /** In ms since 1970, as all instants. */
  now: number;
  devices?: readonly (readonly [platform: DevicePlatform, lastSeenAt: number][] | null)[] | null;
  lists?: readonly (readonly [listId: string, subscribed: boolean, joinedAt: number][] | null)[] | null;
  segments?: readonly (readonly [segmentId: string, suppressed: boolean][] | null)[] | null;
  events?: readonly EventArrays[] | null;
}

/** The newest events of a user: how many were read, and arrays of those whose name the conditions require. */
type EventArrays = readonly [
  read: number,
  names: readonly string[] | null,
  timestamps: readonly number[] | null,
  values?: readonly (AttributeValue | null)[] | null,
  properties?: readonly (Attributes | null)[] | null,
];

const toInstant = (ms: number) => new Date(ms).toISOString();

const toRows = <Item, Row>(items: readonly Item[] | null | undefined, toRow: (item: Item) => Row): readonly Row[] =>
  items ? items.map(toRow) : [];

const noProperties: Attributes = {};

function toEvents([, names, timestamps, values, properties]: EventArrays = [0, null, null]): EventFacts[] {
  return (names ?? []).map((name, place) => ({
    name,
    timestamp: timestamps?.[place] ?? Number.NaN,
    value: values?.[place] ?? null,
    properties: properties?.[place] ?? noProperties,
  }));
}

/**
 * Whether the newest events of a user decide a condition, although there are older ones. Of n events that are required, the n newest that
 * pass determine for how long it holds: the others leave the window before them. They are among the newest events if n of these pass. A
 * test of the content that depends on time can let an older event pass for longer.
 */
const isDecided = ({ count, tests, contentTests }: EventCount, newest: readonly EventFacts[], now: number) =>
  !contentTests.some(({ dependsOnTime }) => dependsOnTime) &&
  newest.filter((event) => allHold(tests, event, now).holds).length >= count;

/** SQL of an instant in whole ms since 1970. */
const msOf = (instant: Prisma.Sql) => Prisma.sql`round(date_part('epoch', ${instant}) * 1000)::bigint`;

/**
 * Its text depends only on which relations are read: it is prepared once for each combination, whatever the number of conditions. The
 * relations are subqueries, which PostgreSQL evaluates for one user after the other by an index, instead of joining whole tables.
 */
function selectFacts(workspaceId: string, userIds: readonly string[], needs: FactNeeds, now: Date | undefined) {
  const clock = Prisma.sql`coalesce(${now ?? null}::timestamptz, date_trunc('milliseconds', statement_timestamp()))`;
  const relations = [
    ...(needs.devices
      ? [
          Prisma.sql`(SELECT json_agg(json_build_array(devices.platform, ${msOf(Prisma.sql`date_trunc('milliseconds', devices.last_seen_at)`)}))
            FROM devices WHERE devices.workspace_id = ${workspaceId}::uuid AND devices.user_id = users.id) AS devices`,
        ]
      : []),
    ...(needs.lists
      ? [
          Prisma.sql`(SELECT json_agg(json_build_array(list_memberships.list_id, list_memberships.subscribed,
              ${msOf(Prisma.sql`list_memberships.joined_at`)}))
            FROM list_memberships WHERE list_memberships.workspace_id = ${workspaceId}::uuid AND list_memberships.user_id = users.id
              AND ${isOneOf(Prisma.sql`list_memberships.list_id`, needs.lists)}) AS lists`,
        ]
      : []),
    ...(needs.segments
      ? [
          Prisma.sql`(SELECT json_agg(json_build_array(segment_memberships.segment_id, segment_memberships.suppressed))
            FROM segment_memberships JOIN segments ON segments.workspace_id = ${workspaceId}::uuid
              AND segments.id = segment_memberships.segment_id AND segments.definition_id = segment_memberships.definition_id
            WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.user_id = users.id
              AND ${isOneOf(Prisma.sql`segment_memberships.segment_id`, needs.segments)}) AS segments`,
        ]
      : []),
    ...(needs.eventCounts.length > 0
      ? [Prisma.sql`${recentEvents(workspaceId, needs.eventCounts, clock)} AS events`]
      : []),
  ];
  const names = ['devices', 'lists', 'segments', 'events'] as const;
  const isRead = { ...needs, events: needs.eventCounts.length > 0 };
  const arrays = names.filter((name) => isRead[name]).map((name) => Prisma.raw(`json_agg(found.${name}) AS ${name}`));
  return Prisma.sql`/* readUserFacts */
    SELECT ${msOf(clock)}::float8 AS now, ${Prisma.join([userColumns.arrays(needs.fields), ...arrays])}
    FROM (
      SELECT ${Prisma.join([userColumns.list, ...relations])} FROM users
      WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = ANY(${arrayParameter(userIds, 'uuid')})
    ) AS found`;
}

const isOneOf = (column: Prisma.Sql, ids: readonly string[] | 'all') =>
  Prisma.sql`(${ids === 'all'}::boolean OR ${column} = ANY(${ids === 'all' ? [] : ids}::uuid[]))`;

/**
 * SQL of the `EventArrays` of the user `users.id`: of the time between the earliest and the latest event that can count. The time and
 * the limit are subqueries, so that a plan for their values is not cheaper than the generic plan (docs/performance-steps.md).
 */
function recentEvents(workspaceId: string, counts: readonly EventCount[], clock: Prisma.Sql): Prisma.Sql {
  const windows = counts.flatMap(({ window }) => window ?? []);
  const longest = windows.length === 0 ? null : Math.max(...windows);
  const withoutWindow = counts.filter(({ window }) => window === undefined);
  const since = Math.min(...withoutWindow.map((count) => count.since));
  const until = Math.max(...counts.map((count) => count.until));
  const ofContent = counts.filter(({ contentTests }) => contentTests.length > 0);
  const hasName = (names: readonly string[] | undefined) =>
    Prisma.sql`(${names === undefined}::boolean OR lower(event.name) COLLATE "C" = ANY(${names ?? []}::text[]))`;
  const ofNames = Prisma.sql`FILTER (WHERE ${hasName(namesOf(counts))})`;
  const content = (column: Prisma.Sql) =>
    Prisma.sql`json_agg(CASE WHEN ${hasName(namesOf(ofContent))} THEN ${column} END) ${ofNames}`;
  const columns = [
    Prisma.sql`count(*)`,
    Prisma.sql`json_agg(event.name) ${ofNames}`,
    Prisma.sql`json_agg(${msOf(Prisma.sql`event.timestamp`)}) ${ofNames}`,
    ...(ofContent.length > 0 ? [content(Prisma.sql`event.value`), content(Prisma.sql`event.properties`)] : []),
  ];
  return Prisma.sql`(SELECT json_build_array(${Prisma.join(columns)})
    FROM (
      SELECT events.* FROM events WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = users.id
        AND events.timestamp >= (SELECT least(${clock} - ${longest}::float8 * interval '1 millisecond', ${toTimestamp(since)}::timestamptz))
        AND events.timestamp < (SELECT ${toTimestamp(until)}::timestamptz)
      ORDER BY events.timestamp DESC LIMIT (SELECT ${MAX_RECENT_EVENTS}::int)
    ) AS event)`;
}

/** The names that some conditions require, without differences of case; undefined if one of them does not require any. */
function namesOf(counts: readonly EventCount[]): string[] | undefined {
  const names = counts.flatMap((count) => count.names ?? []);
  return counts.every((count) => count.names) ? [...new Set(names)] : undefined;
}
