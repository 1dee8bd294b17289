import type { ReadDb } from '../../../db/client.ts';
import { unlessTimeout } from '../../../db/errors.ts';
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
  /** Ids of the lists whose memberships are read; undefined reads none. Likewise for segments. */
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

/**
 * Maximum number of events of a user that the first statement reads. Most users have fewer in the relevant time range.
 */
const MAX_RECENT_EVENTS = 200;

/** The data of a batch of users, for the evaluation of conditions. */
export interface ReadFacts {
  /** The database's clock when the users were read, in whole ms. */
  now: Date;
  /** By user id. Users that do not exist are missing, as are those of `timedOut`. */
  users: ReadonlyMap<string, UserFacts>;
  /** Users with so many events that the search for those that decide the conditions timed out. */
  timedOut: ReadonlySet<string>;
}

/**
 * Reads the data that conditions depend on, for a batch of up to 1,000 users and 100 conditions. Evaluating these
 * conditions at `now` yields the same results as with all data of the users.
 *
 * One statement reads the users, and the newest events of each in the relevant time range. Only if a user has more
 * events and the newest do not decide, further statements read those that do (`readDecisiveEvents`). They can see
 * writes that the first statement did not.
 * @param needs the needs of the conditions. All other fields are missing from the result; other devices, memberships
 * and events may be.
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
  if (undecided.length === 0) return { now: clock, users, timedOut: new Set() };
  const decisive = await unlessTimeout(
    readDecisiveEvents(db, { workspaceId, now: clock }, undecided, needs.eventCounts),
  );
  if (!decisive) {
    for (const id of undecided) users.delete(id);
    return { now: clock, users, timedOut: new Set(undecided) };
  }
  for (const id of undecided) {
    const facts = users.get(id);
    if (facts) users.set(id, { ...facts, events: decisive.get(id) ?? [] });
  }
  return { now: clock, users, timedOut: new Set() };
}

/** The row of `selectFacts`: an array for each column, with an element for each user. */
interface FactRow extends Record<keyof User, unknown[] | null> {
  /** In ms since 1970, like all instants of the row. */
  now: number;
  devices?: readonly (readonly [platform: DevicePlatform, lastSeenAt: number][] | null)[] | null;
  lists?: readonly (readonly [listId: string, subscribed: boolean, joinedAt: number][] | null)[] | null;
  segments?: readonly (readonly [segmentId: string, suppressed: boolean][] | null)[] | null;
  events?: readonly EventArrays[] | null;
}

/** The newest events of a user: the number read, and arrays of the events whose names the conditions require. */
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
 * Whether the newest events of a user determine the value of a condition and how long it lasts. If n events are
 * required, these are determined by the n newest events that pass, because older ones leave the window earlier. This
 * does not hold if a test of the content depends on time: an older event can then pass for longer.
 */
const isDecided = ({ count, tests, contentTests }: EventCount, newest: readonly EventFacts[], now: number) =>
  !contentTests.some(({ dependsOnTime }) => dependsOnTime) &&
  newest.filter((event) => allHold(tests, event, now).holds).length >= count;

/** SQL of an instant in whole ms since 1970. */
const msOf = (instant: Prisma.Sql) => Prisma.sql`round(date_part('epoch', ${instant}) * 1000)::bigint`;

/**
 * The text depends only on which relations are read, so that the statement is prepared once per combination, regardless
 * of the number of conditions. The relations are correlated subqueries, which PostgreSQL evaluates per user with an
 * index, instead of joining whole tables.
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
 * SQL of the `EventArrays` of the user `users.id`, within the time range in which events can count. The bounds and the
 * limit are subqueries, so that PostgreSQL prefers the generic plan to one for specific values
 * (docs/performance-steps.md).
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

/** The case-folded names that conditions require; undefined if one of them does not require a name. */
function namesOf(counts: readonly EventCount[]): string[] | undefined {
  const names = counts.flatMap((count) => count.names ?? []);
  return counts.every((count) => count.names) ? [...new Set(names)] : undefined;
}
