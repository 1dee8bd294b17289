import type { ReadDb } from '../../../db/client.ts';
import { Prisma } from '../../../db/generated/client.ts';
import { readEventNames } from '../../events/event.ts';
import type { EventFacts, EventTest } from '../../events/filter.ts';
import type { RowScope } from '../../filter/row-tests.ts';
import type { EventCount } from './condition.ts';

/**
 * Timeout in ms of the search for events by their content, which is needed only for users with more than
 * `MAX_RECENT_EVENTS` events. The consumer of segments waits for it, and with it all workspaces of its process.
 */
export const CONTENT_SEARCH_TIMEOUT_MS = 1_000;

/** An event as the statements of this module return it. */
interface FoundEvent extends EventFacts {
  userId: string;
  id: string;
}

/** The columns of a `FoundEvent`. */
const columns = Prisma.sql`events.user_id AS "userId", events.id, events.name, events.value, events.properties,
  round(date_part('epoch', events.timestamp) * 1000)::float8 AS timestamp`;

/** Formats an instant as a `timestamptz` parameter. @param ms since 1970; can be infinite. */
export const toTimestamp = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString() : ms > 0 ? 'infinity' : '-infinity';

/**
 * Reads events of users that decide conditions on numbers of events, without reading all events of the users.
 *
 * Let P be the events that pass the tests of a condition, of which n are required, and F those that do not yet, but
 * will. The events that are read include the min(n, |P|) elements of P that pass for longest, and the min(n, |F|)
 * elements of F that pass first. So do the events that are read for all conditions together, and for every set S of a
 * user's events that includes them, the condition has the value and the `due` that it has for all events:
 *
 * - If |P| >= n, S has n elements of P. The condition holds until fewer than n of them pass: until the n-th of those
 *   that pass for longest ceases to, and these are in S.
 * - If |P| < n, S includes P. The condition does not hold until n - |P| elements of F pass, and the first of these are
 *   in S.
 *
 * Which these are depends on the tests. Unless a test of the content depends on time, an event passes from its
 * timestamp until it leaves the window: those that pass for longest are the newest at or before `now`, and those that
 * pass first are the earliest after it. Otherwise, all events in the window, and in the future, are read.
 * @returns the events of each user that has any, by the user's id, in no particular order.
 * @throws {QueryTimeoutError} if the search by content takes longer than `CONTENT_SEARCH_TIMEOUT_MS`.
 */
export async function readDecisiveEvents(
  db: ReadDb,
  { workspaceId, now }: { workspaceId: string; now: Date },
  userIds: readonly string[],
  counts: readonly EventCount[],
): Promise<Map<string, EventFacts[]>> {
  const eventNames = await readEventNames(db, workspaceId);
  const isByName = ({ contentTests }: EventCount) => eventNames !== undefined && contentTests.length === 0;
  const byName = searchesOf(counts.filter(isByName), eventNames ?? [], now);
  const others = counts.filter((count) => !isByName(count));
  const found = [
    ...(byName.length === 0 ? [] : await db.query<FoundEvent[]>(selectByName(workspaceId, userIds, byName, now))),
    ...(others.length === 0
      ? []
      : await db.queryOnce<FoundEvent[]>(
          selectByTests(workspaceId, userIds, others, { workspaceId, now, eventNames }),
          CONTENT_SEARCH_TIMEOUT_MS,
        )),
  ];
  const byUser = Map.groupBy(found, ({ userId }) => userId);
  const distinct = (events: readonly FoundEvent[]) => [...new Map(events.map((event) => [event.id, event])).values()];
  return new Map([...byUser].map(([userId, events]) => [userId, distinct(events)]));
}

/** Finds the newest past and the next future events with a name: up to `keep` of each. */
interface NameSearch {
  name: string;
  keep: number;
  /** Start (inclusive) and end (exclusive) of the time range, in ms since 1970. */
  since: number;
  until: number;
}

/** The earliest timestamp of an event that can count. */
const startOf = ({ window, since }: EventCount, now: Date) =>
  Math.max(since, window === undefined ? Number.NEGATIVE_INFINITY : now.getTime() - window + 1);

/**
 * Returns one search per name and time range. Ranges with the same end that start in the past share a search: the
 * newest events of the longest range include those of the others, and future events are in all of them.
 */
function searchesOf(counts: readonly EventCount[], eventNames: readonly string[], now: Date): NameSearch[] {
  const searches = new Map<string, NameSearch>();
  for (const each of counts) {
    const since = startOf(each, now);
    for (const name of eventNames.filter(each.isNamed)) {
      const key = `${Math.max(since, now.getTime())} ${each.until} ${name}`;
      const known = searches.get(key);
      searches.set(key, {
        name,
        until: each.until,
        since: Math.min(since, known?.since ?? since),
        keep: Math.max(each.count, known?.keep ?? 0),
      });
    }
  }
  return [...searches.values()];
}

/**
 * The text is constant, because the searches are parameters, so that the statement is prepared once. OFFSET 0 makes
 * PostgreSQL find past events by the index on names, which includes timestamps. With the index on timestamps, it would
 * read all events in the range to find a rare name; frequent names are usually decided by the newest events.
 */
function selectByName(workspaceId: string, userIds: readonly string[], searches: readonly NameSearch[], now: Date) {
  const named = Prisma.sql`events.workspace_id = ${workspaceId}::uuid AND events.name = search.name AND events.user_id = hot.user_id`;
  const inTime = Prisma.sql`event.timestamp >= search.since AND event.timestamp < search.until`;
  return Prisma.sql`/* readDecisiveEvents */
    SELECT ${columns} FROM (
      SELECT DISTINCT found.id
      FROM unnest(${userIds}::uuid[]) AS hot(user_id) CROSS JOIN unnest(
        ${searches.map(({ name }) => name)}::text[], ${searches.map(({ keep }) => keep)}::int[],
        ${searches.map(({ since }) => toTimestamp(since))}::timestamptz[],
        ${searches.map(({ until }) => toTimestamp(until))}::timestamptz[]
      ) AS search(name, keep, since, until) CROSS JOIN LATERAL (
        (SELECT event.id FROM (SELECT events.id, events.timestamp FROM events WHERE ${named} OFFSET 0) AS event
          WHERE ${inTime} AND event.timestamp <= ${now}::timestamptz ORDER BY event.timestamp DESC LIMIT search.keep)
        UNION ALL
        (SELECT event.id FROM (
            SELECT events.id, events.timestamp FROM events WHERE ${named} AND events.timestamp > ${now}::timestamptz
          ) AS event
          WHERE ${inTime} ORDER BY event.timestamp LIMIT search.keep)
      ) AS found
    ) AS kept JOIN events ON events.workspace_id = ${workspaceId}::uuid AND events.id = kept.id`;
}

/** Finds events by the tests of the conditions themselves, except for those that depend on time. */
function selectByTests(
  workspaceId: string,
  userIds: readonly string[],
  counts: readonly EventCount[],
  scope: RowScope,
): Prisma.Sql {
  const { now } = scope;
  const searches = counts.map((each) => {
    const isTimed = ({ dependsOnTime }: EventTest) => dependsOnTime === true;
    const limit = each.contentTests.some(isTimed) ? null : each.count;
    const tests = each.tests.filter((test) => !isTimed(test)).map((test) => test.sql(scope));
    const passing = Prisma.sql`SELECT events.* FROM events
      WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = hot.user_id
        AND events.timestamp >= ${toTimestamp(startOf(each, now))}::timestamptz AND ${Prisma.join(tests, ' AND ')}`;
    return Prisma.sql`SELECT ${columns} FROM unnest(${userIds}::uuid[]) AS hot(user_id) CROSS JOIN LATERAL (
        (${passing} AND events.timestamp <= ${now}::timestamptz ORDER BY events.timestamp DESC LIMIT ${limit}::int)
        UNION ALL
        (${passing} AND events.timestamp > ${now}::timestamptz ORDER BY events.timestamp LIMIT ${limit}::int)
      ) AS events`;
  });
  return Prisma.sql`/* readDecisiveEventsByContent */ ${Prisma.join(searches, ' UNION ALL ')}`;
}
