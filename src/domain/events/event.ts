import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Attributes, AttributeValue } from '../shared/attributes.ts';
import type { Instant } from '../shared/instant.ts';
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

/** Reads the events with some ids, by id. Leaves out unknown ids and the events of deleted users. */
export async function readEvents(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, Event>> {
  const events = await readRows(db, eventColumns, {
    keys: ids.length,
    statement: Prisma.sql`
    SELECT ${eventColumns.list} FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')})
      AND EXISTS (SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = events.user_id)`,
  });
  return new Map(events.map((event) => [event.id, event]));
}

/** The events of a user that pass a filter, by id, newest first; the parent is a user that has been read. */
export function eventsSource(workspaceId: string, filter: EventFilter = {}): KeysetSource<Event> {
  const conditions = [
    Prisma.sql`events.workspace_id = ${workspaceId}::uuid AND events.user_id = parent.id`,
    ...(filter.name == null ? [] : [Prisma.sql`events.name = ${filter.name}`]),
    ...(filter.since == null ? [] : [Prisma.sql`events.timestamp >= ${filter.since}`]),
    ...(filter.until == null ? [] : [Prisma.sql`events.timestamp < ${filter.until}`]),
  ];
  return {
    columns: eventColumns,
    table: Prisma.sql`events`,
    where: Prisma.join(conditions, ' AND '),
    key: Prisma.sql`events.id`,
  };
}
