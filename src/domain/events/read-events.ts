import { anyLength } from '../../db/array.ts';
import type { Db } from '../../db/client.ts';
import { readRows } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { KeysetSource } from '../../db/keyset.ts';
import { type Event, eventColumns } from './event.ts';
import type { EventFilter } from './inputs.ts';

/** The events with some ids, by id; those that the workspace has not, and those of deleted users, are left out. */
export async function readEvents(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, Event>> {
  const events = await readRows(db, eventColumns, {
    keys: ids.length,
    statement: Prisma.sql`
    SELECT ${eventColumns.list} FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${anyLength(ids, 'uuid')})
      AND EXISTS (SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = events.user_id)`,
  });
  return new Map(events.map((event) => [event.id, event]));
}

/** The events of a user that pass a filter, by id, newest first; the parent is a user who has been read. */
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
