import { byWorkspace } from '../../db/batching.ts';
import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Attributes, AttributeValue } from '../shared/attributes.ts';
import { LimitExceededError } from '../shared/errors.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';
import type { Instant } from '../shared/instant.ts';
import { contentTests } from './filter.ts';
import type { EventFilter } from './inputs.ts';

/** An action of a user. */
export interface Event {
  /** UUIDv7 of the time at which the row was inserted. Rows become visible in approximately this order (docs/following.md). */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  /** Null if the event has none. */
  readonly value: AttributeValue | null;
  readonly properties: Attributes;
  /** When the event happened. */
  readonly timestamp: Instant;
}

/** The columns of an `Event`. */
export const eventColumns = columnsOf<Event>(
  {
    id: Prisma.sql`events.id`,
    userId: Prisma.sql`events.user_id`,
    name: Prisma.sql`events.name`,
    value: Prisma.sql`events.value`,
    properties: Prisma.sql`events.properties`,
    timestamp: { instant: Prisma.sql`events.timestamp` },
  },
  ['id'],
);

/** Reads events by their ids. Leaves out unknown ids and the events of deleted users. */
export async function readEvents(db: ReadDb, workspaceId: string, ids: readonly string[]): Promise<Map<string, Event>> {
  const events = await readRows(db, eventColumns, {
    keys: ids.length,
    statement: Prisma.sql`/* readEvents */
    SELECT ${eventColumns.list} FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')}) ${
      db.indexes?.hasPartitionedEvents ? withinRange(ids) : Prisma.empty
    }
      AND EXISTS (SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = events.user_id)`,
  });
  return new Map(events.map((event) => [event.id, event]));
}

/**
 * SQL of a range that contains some ids, by which PostgreSQL selects partitions when the statement starts; `= ANY` alone reads all of
 * them. `format` is stable, so that the planner cannot compute the range: it would plan the statement again for each, which takes
 * longer than to execute it (docs/partitions.md).
 */
function withinRange(ids: readonly string[]): Prisma.Sql {
  // The lower-case texts of UUIDs have the same order.
  const sorted = ids.map((id) => id.toLowerCase()).sort();
  const [first, last] = [sorted[0] ?? BEFORE_ALL_IDS, sorted.at(-1) ?? BEFORE_ALL_IDS];
  return Prisma.sql`AND id BETWEEN format('%s', ${first}::text)::uuid AND format('%s', ${last}::text)::uuid`;
}

/**
 * The events of a user that pass a filter, by id, newest first; the parent is a user that has been read.
 * @param now the instant that `within` and `before` refer to.
 */
export function eventsSource(workspaceId: string, filter: EventFilter = {}, now = new Date()): KeysetSource<Event> {
  if (Object.values(filter).every((condition) => condition == null)) return allEvents(workspaceId);
  const { name, since, until } = filter;
  const filters = [
    ...(name == null ? [] : [Prisma.sql`events.name = ${name}`]),
    ...(since == null ? [] : [Prisma.sql`events.timestamp >= ${since}`]),
    ...(until == null ? [] : [Prisma.sql`events.timestamp < ${until}`]),
  ];
  // There are too many texts of these to prepare each.
  const ofValues = contentTests(filter).map((test) => test.sql({ workspaceId, now }));
  if (ofValues.length > 0) return { ...createSource(workspaceId, [...filters, ...ofValues]), timeoutError };
  return createSource(workspaceId, filters);
}

const timeoutError = (timeoutMs: number) =>
  new LimitExceededError(
    `The filter of events took longer than ${timeoutMs} ms. Add a time window with since and until, or request a smaller page.`,
  );

/** Shared, since a page of users opens this connection once per user. */
const allEvents = byWorkspace((workspaceId) => createSource(workspaceId, []));

function createSource(workspaceId: string, filters: readonly Prisma.Sql[]): KeysetSource<Event> {
  const conditions = [
    Prisma.sql`events.workspace_id = ${workspaceId}::uuid AND events.user_id = parent.id`,
    ...filters,
  ];
  return {
    columns: eventColumns,
    table: Prisma.sql`events`,
    where: Prisma.join(conditions, ' AND '),
    key: Prisma.sql`events.id`,
  };
}

/** Maximum number of names that are read. Each takes one access to the index. */
const MAX_NAMES = 1_000;

/** The distinct names of a workspace's events; undefined if there are more than `MAX_NAMES`. */
export async function readEventNames(db: ReadDb, workspaceId: string): Promise<string[] | undefined> {
  // DISTINCT would read all events; this reads one entry of the index for each name.
  const next = (after: Prisma.Sql) => Prisma.sql`(
    SELECT events.name FROM events WHERE events.workspace_id = ${workspaceId}::uuid ${after}
    ORDER BY events.name LIMIT 1)`;
  const rows = await db.queryOnce<{ name: string }[]>(Prisma.sql`/* readEventNames */
    WITH RECURSIVE names AS (
      SELECT ${next(Prisma.empty)} AS name
      UNION ALL
      SELECT ${next(Prisma.sql`AND events.name > names.name`)} FROM names WHERE names.name IS NOT NULL
    )
    SELECT names.name FROM names WHERE names.name IS NOT NULL LIMIT ${MAX_NAMES + 1}::int`);
  return rows.length > MAX_NAMES ? undefined : rows.map(({ name }) => name);
}
