import { anyLength } from '../../db/array.ts';
import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Attributed } from '../actor.ts';
import { recordEach } from '../audit/record.ts';
import { newId } from '../new-id.ts';
import { type Event, eventColumns } from './event.ts';
import type { NewEvent } from './inputs.ts';

/** An event to insert, under its id. */
export type EventToInsert = Attributed<Omit<NewEvent, 'idempotencyKey'>> & { id: string };

/** How events are inserted. */
interface Insertion {
  /** What to do with users whom somebody else has locked: with `skip`, their events are left out. */
  lock: 'wait' | 'skip';
  /** A CTE `taken` without whose row nothing is inserted; it sees the users as `owner`. */
  taking?: Prisma.Sql;
}

/**
 * Inserts events with one statement, and their entries in the audit trail: each user is locked against deletion
 * meanwhile, so that no event is left without one.
 * @returns the events, by id; without those whose user there is not.
 */
export async function insertEvents(
  db: Db,
  workspaceId: string,
  events: readonly EventToInsert[],
  { lock, taking }: Insertion,
): Promise<Map<string, Event>> {
  const now = new Date();
  const rows = events.map(({ id, actorName, input }) => ({
    timestamp: now,
    ...input,
    id,
    actorName,
    entryId: newId(),
  }));
  const uids = new Set(rows.map(({ uid }) => uid));
  const inserted = await db.query<Event[]>`
    WITH owner AS (
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${anyLength([...uids], 'text')})
      FOR KEY SHARE ${lock === 'skip' ? Prisma.sql`SKIP LOCKED` : Prisma.empty}
    ), ${taking ? Prisma.sql`${taking},` : Prisma.empty} input AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
        id uuid, uid text, name text, value jsonb, properties jsonb, timestamp timestamptz, "actorName" text, "entryId" uuid
      )
    ), added AS (
      INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      SELECT
        ${workspaceId}::uuid, input.id, owner.id, input.name, input.value, coalesce(input.properties, '{}'),
        coalesce(input.timestamp, ${now})
      FROM owner JOIN input USING (uid) ${taking ? Prisma.sql`CROSS JOIN taken` : Prisma.empty}
      RETURNING ${eventColumns.list}
    ), audited AS (${recordEach(
      { workspaceId, id: Prisma.sql`input."entryId"`, actorName: Prisma.sql`input."actorName"`, at: now },
      'addEvent',
      {
        from: Prisma.sql`added JOIN input USING (id)`,
        userId: Prisma.sql`added."userId"`,
        eventId: Prisma.sql`added.id`,
      },
    )})
    SELECT * FROM added`;
  return new Map(inserted.map((event) => [event.id, event]));
}
