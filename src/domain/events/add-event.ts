import { v7 as uuidv7 } from 'uuid';
import { writeTogether } from '../../db/batches.ts';
import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { NotFoundError } from '../errors.ts';
import { type Event, eventColumns } from './event.ts';
import type { NewEvent } from './inputs.ts';

/**
 * Adds an event to a user, in one statement, and together with others that come at the same time: the user is locked
 * against deletion while it is inserted, so that no event is left without one.
 * @throws {NotFoundError} when the workspace has no such user.
 */
export async function addEvent(db: Db, workspaceId: string, input: NewEvent): Promise<Event> {
  const event = await insert(db, workspaceId, input);
  if (!event) throw new NotFoundError('User');
  return event;
}

const insert = writeTogether<NewEvent, Event>(async (db, workspaceId, inputs, lock) => {
  const now = new Date();
  const rows = inputs.map((input) => ({ timestamp: now, ...input, id: uuidv7() }));
  const events = await db.query<Event[]>`
    WITH owner AS (
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${[...new Set(inputs.map(({ uid }) => uid))]}::text[])
      FOR KEY SHARE ${lock === 'skip' ? Prisma.sql`SKIP LOCKED` : Prisma.empty}
    )
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT
      ${workspaceId}::uuid, input.id, owner.id, input.name, input.value, coalesce(input.properties, '{}'),
      coalesce(input.timestamp, ${now})
    FROM owner JOIN jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS input(id uuid, uid text, name text, value jsonb, properties jsonb, timestamp timestamptz) USING (uid)
    RETURNING ${eventColumns}`;
  const byId = new Map(events.map((event) => [event.id, event]));
  return rows.map(({ id }) => byId.get(id));
});
