import { byWorkspace } from '../../db/batching.ts';
import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Attributes, AttributeValue } from '../shared/attributes.ts';
import { LimitExceededError } from '../shared/errors.ts';
import type { Instant } from '../shared/instant.ts';
import { valueComparisons } from '../users/filter/values.ts';
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
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')})
      AND EXISTS (SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = events.user_id)`,
  });
  return new Map(events.map((event) => [event.id, event]));
}

/**
 * The events of a user that pass a filter, by id, newest first; the parent is a user that has been read.
 * @param now the instant that `within` and `before` refer to.
 */
export function eventsSource(workspaceId: string, filter: EventFilter = {}, now = new Date()): KeysetSource<Event> {
  const { name, since, until } = filter;
  const filters = [
    ...(name == null ? [] : [Prisma.sql`events.name = ${name}`]),
    ...(since == null ? [] : [Prisma.sql`events.timestamp >= ${since}`]),
    ...(until == null ? [] : [Prisma.sql`events.timestamp < ${until}`]),
  ];
  const ofValues = valueConditions(filter, now);
  if (ofValues.length > 0) return { ...createSource(workspaceId, [...filters, ...ofValues]), adHoc: { timeoutError } };
  return filters.length === 0 ? allEvents(workspaceId) : createSource(workspaceId, filters);
}

/** The conditions on the value and the properties of an event, of which there are too many texts to prepare each. */
function valueConditions({ value, properties }: EventFilter, now: Date): Prisma.Sql[] {
  return [
    ...valueComparisons(value ?? {}).map(({ sql }) => sql(Prisma.sql`events.value`, now)),
    ...(properties ?? []).flatMap(({ key, ...tests }) =>
      valueComparisons(tests).map(({ sql }) => sql(Prisma.sql`(events.properties->${key}::text)`, now)),
    ),
  ];
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
